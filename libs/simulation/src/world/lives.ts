import { createRandom } from '../random.ts'

/** What goes on in a world beside objects and messages that come. */
export interface Lives {
  /** Jobs walk over bronze. */
  readonly hasJobs: boolean
  /** ClickHouse is emptied, and filled again out of silver. */
  readonly hasRebuild: boolean
  /** Objects on a page of a listing of bronze; undefined: more than there are. */
  readonly pageMax: number | undefined
}

/** Probabilities. */
export type LifeChances = Readonly<Partial<Record<'jobs' | 'rebuild', number>>>

/** Apart from all else that is drawn: worlds without these are what they were before there were any. */
const salt = 0x6c697665
const chances = { jobs: 0.2, rebuild: 0.07 }
const pageSpread = 7

export const quietLives: Lives = { hasJobs: false, hasRebuild: false, pageMax: undefined }

export const drawLives = (seed: number, given: LifeChances = {}): Lives => {
  const random = createRandom(seed ^ salt)
  const { jobs, rebuild } = { ...chances, ...given }
  const [hasJobs, hasRebuild] = [random.chance(jobs), random.chance(rebuild)]
  const pageMax = 1 + random.below(pageSpread)
  return { hasJobs, hasRebuild, pageMax: hasJobs ? pageMax : undefined }
}
