import { gzipSync } from 'node:zlib'
import { createRandom } from '../random.ts'
import type { WorldOptions } from './world.ts'

/** A world that once was bad, as short as it could be made, and what was wrong. */
export interface Regression {
  readonly name: string
  readonly seed: number
  readonly options: WorldOptions
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs

const linesOf = (count: number): string => {
  const random = createRandom(count)
  return Array.from({ length: count }, (_, n) =>
    JSON.stringify({ id: `n${n} ${random.below(1e6)}`, time: '2026-01-01T10:00:00Z' }),
  ).join('\n')
}

/** Kept as scripts: a seed means another world as soon as anything more is drawn. */
export const regressions: readonly Regression[] = [
  {
    name: 'a reading of gzip that stops at a limit leaves no read open behind the return',
    seed: 1,
    options: {
      // The piece that is asked for while the one before it is over the limit takes its time.
      force: ({ label, nth }) =>
        label.includes('bronze.read') && nth === 3 ? 'request-lost' : undefined,
      script: (actor) => void actor.put('notes/a.jsonl.gz', gzipSync(linesOf(200))),
    },
  },
  {
    name: 'rows that a reload replaced while silver is down are not called missing',
    seed: 1,
    options: {
      script: (actor) => {
        const version = actor.put('notes/a.jsonl', linesOf(3))
        actor.after(10 * minuteMs, () => {
          actor.takeDown('SILVER', 5 * hourMs)
          actor.reload(version)
        })
        actor.after(20 * minuteMs, actor.mergeNow)
        actor.after(2 * hourMs, actor.reconcileNow)
      },
    },
  },
  {
    name: 'rows of an older generation are not called missing while a third cannot be read',
    seed: 1,
    options: {
      force: ({ label, nth }) =>
        label.includes('bronze.open') && nth >= 3 && nth < 20 ? 'request-lost' : undefined,
      script: (actor) => {
        const version = actor.put('notes/a.jsonl', linesOf(3))
        for (const minutes of [10, 20, 120])
          actor.after(minutes * minuteMs, () => actor.reload(version))
        actor.after(30 * minuteMs, actor.mergeNow)
        actor.after(130 * minuteMs, actor.reconcileNow)
      },
    },
  },
]
