/** What a command found: the document of `--json`, the same for a person, and the exit code. */
export interface Answer {
  readonly document: unknown
  readonly text: string
  readonly code: 0 | 1
}
