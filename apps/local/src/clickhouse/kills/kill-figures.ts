/** What the kills of a run did, and what was there in the end. */
export interface KillFigures {
  kills: number
  /** Kills that found at least one INSERT partly done. */
  killsPartly: number
  /** INSERTs sent, each told apart by its token. */
  inserts: number
  /** Those of many partitions. */
  insertsOfManyMonths: number
  rows: number
  /** Looks at an INSERT after a kill, by what was there of it. */
  acknowledged: number
  unansweredAbsent: number
  unansweredPartly: number
  unansweredWhole: number
  /**
   * Months of INSERTs of many that no replay brought: the engine writes a partition's token into its log before it gives the
   * part its name, so a kill between the two leaves a known token without rows. At most one a kill; a chunk of the pipeline
   * is one month, and never among them.
   */
  swallowedMonths: number
  /** Rows, of those that were sent and not swallowed so, not there after the last replay. */
  lost: number
  /** Rows there more than once, or never sent. */
  duplicated: number
  /** What must not be, told for people; the first of them. */
  readonly problems: string[]
}

const problemsMax = 20

export const createFigures = (): KillFigures => ({
  kills: 0,
  killsPartly: 0,
  inserts: 0,
  insertsOfManyMonths: 0,
  rows: 0,
  acknowledged: 0,
  unansweredAbsent: 0,
  unansweredPartly: 0,
  unansweredWhole: 0,
  swallowedMonths: 0,
  lost: 0,
  duplicated: 0,
  problems: [],
})

export const addProblem = ({ problems }: KillFigures, problem: string): void => {
  if (problems.length < problemsMax) problems.push(problem)
}
