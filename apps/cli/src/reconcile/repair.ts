import { randomUUID } from 'node:crypto'
import type { ChunkRepair, RejectResult, RepairResult } from '@silversmith/flow'
import { rejectBatch, repairBatch } from '@silversmith/flow'
import { encodeParquet } from '@silversmith/parquet'
import type { Answer } from '../answer.ts'
import { atBench } from '../deployment/bench.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { undone } from '../dry-run.ts'
import { silentLog } from '../deployment/silent-log.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

/** For one batch: 400 chunks of a slow server. */
const batchMs = 3_600_000

const describeChunk = ({ n, table, target, rows, before, after, outcome, reason }: ChunkRepair) =>
  `  chunk ${n} of ${table} in ${target}: ${before.rows} of ${rows} rows${
    after === undefined ? '' : `, now ${after.rows}`
  }; ${outcome}${reason === undefined ? '' : `: ${reason}`}`

const describeRepair = (result: RepairResult): readonly string[] => {
  const { batch, outcome, reason, intact, chunks } = result
  return [
    `batch ${batch}: ${outcome}${reason === undefined ? '' : `: ${reason}`}; ${counted(intact, 'chunk')} ${intact === 1 ? 'was' : 'were'} whole`,
    ...chunks.map(describeChunk),
  ]
}

/** Exit code 1 when a batch is not whole, in a dry run: would have to be repaired, or was refused. */
export const runRepair = async (
  { batches, dryRun, dir }: CommandOf<'repair'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atBench(surroundings, dir, async ({ cloud, targets, ...bench }) => {
    const { clock, progress } = surroundings
    const deps = { ...bench, ...cloud, ...targets, clock, encode: encodeParquet }
    const results: RepairResult[] = []
    for (const batch of batches) {
      progress.show(`batch ${batch}, ${results.length} of ${batches.length} done`)
      results.push(await repairBatch(deps, batch, callOf(surroundings, batchMs), { dryRun }))
    }
    progress.end()
    const isPlanned = results.some(({ outcome }) => outcome === 'planned')
    const text = [...results.flatMap(describeRepair), ...(isPlanned ? [undone] : [])]
    return {
      document: { dryRun, batches: results },
      text: text.join('\n'),
      code: results.every(({ outcome }) => outcome === 'whole') ? 0 : 1,
    }
  })

const describeReject = (result: RejectResult): readonly string[] => {
  const { batch, target, outcome, reason, chunks } = result
  return [
    `batch ${batch}, ${target}: ${outcome}${reason === undefined ? '' : `: ${reason}`}`,
    ...describeHeld(result),
    ...chunks.flatMap((chunk) => [
      `  chunk ${chunk.n} of ${chunk.table}, ${counted(chunk.rows, 'row')}: ${chunk.reason}`,
      ...chunk.quarantine.map((key) => `    ${key}`),
    ]),
  ]
}

const describeHeld = ({ target, outcome, held, chunks, committed }: RejectResult) => {
  if (outcome === 'refused') return []
  const holds = `${target} holds ${counted(held, 'chunk')} of it`
  if (outcome === 'planned' && chunks.length === 0)
    return [`${holds}, that is all: nothing would go to quarantine, and the batch would commit`]
  if (outcome === 'planned')
    return [
      `${holds} and lacks ${chunks.length}. Each of these would be tried once more; what ${target} refuses then goes to the file below it, and the batch commits without it:`,
    ]
  const end = committed ? 'the batch is committed' : 'the sweep goes on with it'
  return [chunks.length === 0 ? `${holds}; ${end}` : `${holds}; ${end}. In quarantine:`]
}

/** Only ever an owner of probes. */
const ids = { next: () => randomUUID() }

/** Exit code 1 when nothing could be decided. */
export const runBatchReject = async (
  { batch, target, dryRun, dir }: CommandOf<'batch reject'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atBench(surroundings, dir, async ({ cloud, targets, pipeline, quarantinePrefix }) => {
    const { clock } = surroundings
    const deps = {
      ...{ pipeline, quarantinePrefix, clock },
      ...cloud,
      ...targets,
      ids,
      log: silentLog,
    }
    const result = await rejectBatch(deps, batch, target, callOf(surroundings, batchMs), { dryRun })
    const text = [...describeReject(result), ...(result.outcome === 'planned' ? [undone] : [])]
    const isDecided = ['planned', 'applied', 'rejected'].includes(result.outcome)
    return { document: { dryRun, ...result }, text: text.join('\n'), code: isDecided ? 0 : 1 }
  })
