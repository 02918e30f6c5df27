/** One change of the source text of a file, as mutation testing makes it. */
export interface SourceEdit {
  /** Path below the root of the workspace. */
  readonly file: string
  /** Must occur exactly once. */
  readonly find: string
  readonly replace: string
}

/** The text with the edit made. @throws RangeError when what it looks for is not there exactly once. */
export const editSource = (text: string, { file, find, replace }: SourceEdit): string => {
  const [before, after, ...more] = text.split(find)
  if (before === undefined || after === undefined || more.length > 0)
    throw new RangeError(
      `an edit of ${file} must find its text once, not ${text.split(find).length - 1} times: ${find}`,
    )
  return `${before}${replace}${after}`
}

/** An edit of a file of libs/flow. */
export const editFlow = (file: string, find: string, replace: string): SourceEdit => ({
  file: `libs/flow/src/${file}`,
  find,
  replace,
})
