/** The command was not written as it must be: exit code 2. */
export class UsageError extends Error {}

export const readWhole = (name: string, text: string, min: number): number => {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value
  throw new UsageError(`--${name} must be a whole number from ${min} on, not "${text}"`)
}
