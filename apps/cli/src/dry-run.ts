/** Last line of what a command says that would change something and was not told to. */
export const undone = 'nothing was changed; --yes does it'
