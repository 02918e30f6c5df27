import type { Since } from './command.ts'

/** Epoch ms. */
export const startOf = (since: Since | undefined, now: number): number | undefined => {
  if (since === undefined) return undefined
  return 'at' in since ? since.at : now - since.agoMs
}
