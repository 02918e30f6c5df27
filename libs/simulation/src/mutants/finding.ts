/** A world in which a mutant showed. */
export interface Finding {
  readonly seed: number
  readonly violations: readonly string[]
}
