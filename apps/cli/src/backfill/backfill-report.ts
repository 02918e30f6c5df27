import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { finished } from 'node:stream/promises'
import {
  addToSum,
  noReportSum,
  readJob,
  readReport,
  type ReportEntry,
  reportLineOf,
  viewJob,
} from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { callOf, type Surroundings } from '../surroundings.ts'
import { UsageError } from '../usage-error.ts'
import type { BackfillReport } from './backfill-line.ts'
import { atBackfill } from './backfill-room.ts'
import { describeJob, describeSum } from './backfill-text.ts'

/** Millions of objects, some hundred a second. */
const reportMs = 6 * 3_600_000

/** What became of each object, now. `--csv` writes a line of each to a file, `--json` prints one. Exit code 1 when any failed. */
export const runBackfillReport = (
  { job: id, csv, json, dir }: BackfillReport,
  surroundings: Surroundings,
): Promise<Answer> =>
  atBackfill(surroundings, dir, async (room) => {
    const { progress, print } = surroundings
    const call = callOf(surroundings, reportMs)
    const job = await readJob(room, id, call)
    const file = csv === undefined ? undefined : await openFile(csv)
    let sum = noReportSum
    for await (const { entries } of readReport(room, job, call)) {
      sum = addToSum(sum, entries)
      progress.show(`${sum.objects} objects`)
      await file?.write(entries)
      if (json) for (const entry of entries) await print({ kind: 'object', ...entry })
    }
    await file?.close()
    const view = viewJob(job)
    return {
      document: { kind: 'report', ...view, sum, csv: csv ?? null },
      text: [
        ...describeJob(job),
        ...describeSum(sum),
        ...(csv === undefined
          ? ['--csv FILE or --json tells of each object']
          : [`${csv} has a line of each object, in the columns of S3 Batch Operations`]),
      ].join('\n'),
      code: view.failedParts > 0 || sum.failed > 0 ? 1 : 0,
    }
  })

/** Beside its place until it is whole. A file that is there is replaced, folders that are not there are made. */
const openFile = async (path: string) => {
  const part = `${path}.part`
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw new UsageError(`--csv ${path} is a folder: name a file`)
  const stream = await openStream(part).catch((error: unknown) => {
    throw new UsageError(`--csv ${path}: ${(error as Error).message}`)
  })
  return {
    write: async (entries: readonly ReportEntry[]): Promise<void> => {
      const text = entries.map((entry) => `${reportLineOf(entry)}\n`).join('')
      if (text !== '' && !stream.write(text)) await once(stream, 'drain')
    },
    close: async (): Promise<void> => {
      stream.end()
      await finished(stream)
      await rename(part, path)
    },
  }
}

const openStream = async (path: string): Promise<WriteStream> => {
  await mkdir(dirname(path), { recursive: true })
  const stream = createWriteStream(path)
  // Told by the write that waits for it, or by the end.
  stream.on('error', () => undefined)
  await once(stream, 'open')
  return stream
}
