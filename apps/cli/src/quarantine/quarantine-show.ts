import {
  listQuarantine,
  type QuarantineFilter,
  type QuarantineRecord,
  readQuarantineRecord,
  type ReplayDeps,
} from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { atQuarantine, filterOf, quarantineMs } from './quarantine-place.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'
import { UsageError } from '../usage-error.ts'

interface Shown {
  readonly file: string
  readonly record: QuarantineRecord
}

/** Of a record, on a terminal; `--json` has all that was kept. */
const rawMax = 500

const excerpt = ({ raw, rawEncoding, sizeBytes }: QuarantineRecord): string => {
  const bytes = rawEncoding === 'utf8' ? '' : ` in ${rawEncoding}`
  if (raw.length <= rawMax && rawEncoding === 'utf8') return raw
  return `${raw.slice(0, rawMax)}${raw.length > rawMax ? '…' : ''} (${sizeBytes} bytes${bytes})`
}

const describe = ({ file, record }: Shown): string => {
  const { source, record: ordinal, line, offset, reason, path, generation } = record
  const place = line === null ? `byte ${offset}` : `line ${line}`
  return [
    `${source} record ${ordinal}, ${place}${generation > 0 ? `, generation ${generation}` : ''}`,
    `  reason   ${reason}${path === undefined ? '' : ` at ${path}`}`,
    `  kept in  ${file}`,
    `  record   ${excerpt(record)}`,
  ].join('\n')
}

/** Key of a file of this deployment, by itself or as a URL. */
const keyOf = ({ quarantineFiles: { bucket } }: ReplayDeps, file: string): string => {
  const url = `s3://${bucket}/`
  if (!file.startsWith('s3://')) return file
  if (file.startsWith(url)) return file.slice(url.length)
  throw new UsageError(`${file} is not in ${url}, where this deployment keeps its quarantine`)
}

async function* keysOf(
  deps: ReplayDeps,
  file: string | undefined,
  filter: QuarantineFilter,
  surroundings: Surroundings,
): AsyncGenerator<string> {
  if (file !== undefined) return void (yield keyOf(deps, file))
  for await (const page of listQuarantine(deps, filter, callOf(surroundings, quarantineMs)))
    for (const { source, state } of page) if (state !== 'resolved') yield source.object.key
}

/** Exit code 1 when a line of FILE is no quarantine record. */
export const runQuarantineShow = (
  command: CommandOf<'quarantine show'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atQuarantine(surroundings, command.dir, async (deps) => {
    const { file, limit } = command
    const shown: Shown[] = []
    let strange = 0
    const filter = filterOf(command, surroundings.clock.now())
    for await (const key of keysOf(deps, file, filter, surroundings)) {
      const bytes = await deps.store.read(key, undefined, surroundings.signal)
      for (const line of Buffer.from(bytes).toString().trimEnd().split('\n')) {
        const record = readQuarantineRecord(line)
        if (!record) strange += 1
        else if (shown.length < limit) shown.push({ file: key, record })
      }
      if (shown.length >= limit) break
    }
    const text = [
      ...shown.map(describe),
      ...(shown.length === 0 ? ['no records that nobody replayed'] : []),
      ...(strange > 0 ? [`${strange} lines are no quarantine records`] : []),
    ]
    return {
      document: { records: shown, strange },
      text: text.join('\n\n'),
      code: strange > 0 ? 1 : 0,
    }
  })
