import type { Batch, Versioned } from '@silversmith/core'
import { openedAt, stateNames } from '@silversmith/flow'
import { writeDuration, writeMoment } from '../text/age.ts'
import { counted } from '../text/counted.ts'
import type { Row } from '../text/row-layout.ts'

export const stateOf = ({ state, end }: Batch): string =>
  end === undefined ? stateNames[state] : `${stateNames[state]} (${end})`

/** `silver 4/4, clickhouse 1/4 (3 rejected)`; undefined before the seal. */
const progressOf = (
  { manifest, done = {}, rejected = {}, state }: Batch,
  targets: readonly string[],
) => {
  if (!manifest) return undefined
  const names = [...new Set([...targets, ...Object.keys(done)])].sort()
  return names
    .map((name) => {
      const count = state === 'C' ? manifest.chunks : (done[name] ?? 0)
      const out = rejected[name] ?? 0
      return `${name} ${count - out}/${manifest.chunks}${out > 0 ? ` (${out} rejected)` : ''}`
    })
    .join(', ')
}

/** What a person looks at first. `targets` are those of the pipeline. */
export const batchRow = (batch: Batch, targets: readonly string[], now: number): Row => ({
  batch: batch.id,
  state: stateOf(batch),
  age: writeDuration(now - (openedAt(batch.id) ?? now)),
  sources: batch.sourceCount,
  rows: batch.manifest?.rows ?? null,
  chunks: batch.manifest?.chunks ?? null,
  done: progressOf(batch, targets) ?? '',
  'next try': batch.state === 'S' || batch.state === 'F' ? writeMoment(batch.leaseUntil, now) : '',
})

/** One line for each problem. */
export const problemLines = ({ id, problems = {}, failures }: Batch): readonly string[] => {
  const tries = failures === undefined ? '' : ` (${counted(failures, 'failure')})`
  return Object.entries(problems).map(([target, problem]) => `${id} ${target}${tries}: ${problem}`)
}

export const isFailing = ({ state, problems = {}, failures = 0 }: Batch): boolean =>
  state === 'S' && (Object.keys(problems).length > 0 || failures > 0)

/** Items that are batches of the pipeline. */
export const batchesOf = (
  found: readonly (Versioned | undefined)[],
  pipeline: string,
): readonly Batch[] =>
  found.flatMap((one) =>
    one?.item.kind === 'batch' && one.item.pipeline === pipeline ? [one.item] : [],
  )
