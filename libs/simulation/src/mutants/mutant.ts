import type { WorldOptions } from '../world/world.ts'
import type { Troubles } from '../world/troubles.ts'
import type { Mutation } from './mutation.ts'
import type { SourceEdit } from './source-edit.ts'

/** Where a mutant is hunted. The same world without the mutant must be good, or it proves nothing. */
export interface Terrain extends Pick<WorldOptions, 'limits' | 'lives' | 'script'> {
  /** These troubles and no others; absent: what each seed draws. */
  readonly troubles?: Partial<Troubles>
  /** Surroundings that are hard, yet right: part of the world with and without the mutant. */
  readonly mutation?: Mutation
  /** Violations with this text in them are not counted. */
  readonly forgiven?: string
  /** Says what else is wrong, from the trace of the world. */
  readonly judge?: (trace: readonly string[]) => readonly string[]
}

/** A promise the protocol stands on, broken: by ports that lie, by edits of the production code, or by both. */
export interface Mutant {
  /** What is broken, in a sentence. */
  readonly name: string
  readonly mutation?: Mutation
  readonly edits?: readonly SourceEdit[]
  readonly terrain?: Terrain
  /** The harness must find it in this many worlds; several times what it took when this was written. */
  readonly worldsMax: number
}
