import type { ObjectRef } from '@silversmith/core'
import { sourceIdOf } from '@silversmith/core'
import type { MemoryBronze } from '../memory/memory-bronze.ts'
import type { Expectation } from './reference.ts'

/** One version that ever was in bronze, and when it could be read. */
export interface Version {
  readonly id: string
  readonly object: ObjectRef
  readonly expected: Expectation
  readonly isRouted: boolean
  readonly isPoison: boolean
  /** It never was in bronze: a message is its own bytes. */
  readonly isMessage: boolean
  /** Times from which on it could (true) or could not (false) be read. */
  readonly held: { readonly at: number; readonly is: boolean }[]
  /** Invocations that died, or froze and seemed dead, after they had set out to claim it. */
  silences: number
  /** Somebody was told of it, or will be. */
  isTold: boolean
  /** The highest generation anybody asked for. */
  generation: number
}

export interface History {
  add(
    version: Pick<Version, 'object' | 'expected' | 'isRouted' | 'isPoison' | 'isMessage'>,
  ): Version
  /** Looks again which versions can be read; after every change to bronze. */
  look(): void
  find(id: string): Version | undefined
  all(): readonly Version[]
}

export const createHistory = (
  pipeline: string,
  bronze: MemoryBronze,
  now: () => number,
): History => {
  const versions = new Map<string, Version>()
  const look = (): void => {
    for (const version of versions.values()) {
      const is = version.isMessage || bronze.holds(version.object)
      if (version.held.at(-1)?.is !== is) version.held.push({ at: now(), is })
    }
  }
  return {
    look,
    add: (facts) => {
      const id = sourceIdOf(pipeline, facts.object)
      const version = versions.get(id) ?? {
        ...facts,
        id,
        held: [],
        silences: 0,
        isTold: false,
        generation: 0,
      }
      versions.set(id, version)
      look()
      return version
    },
    find: (id) => versions.get(id),
    all: () => [...versions.values()],
  }
}

export const isHeldNow = ({ held }: Version): boolean => held.at(-1)?.is === true

/** Objects only: what a listing of bronze shows. */
export const isInBronze = (version: Version): boolean => !version.isMessage && isHeldNow(version)

/** Was there a moment in this span at which it could not be read? */
export const wasGoneIn = ({ held }: Version, fromMs: number, toMs: number): boolean =>
  held.some(({ at, is }, index) => {
    const until = held[index + 1]?.at ?? Infinity
    return !is && at <= toMs && until >= fromMs
  })
