import type { Batch } from '@silversmith/core'
import type { ChunkStory, LoadStory, ObjectStory, RejectedLines, Share } from '@silversmith/flow'
import { openedAt } from '@silversmith/flow'
import { quote } from '../called-name.ts'
import { writeDuration, writeMoment, writeTime } from '../text/age.ts'
import { stateOf } from '../batch/batch-row.ts'
import { counted } from '../text/counted.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { StoredVersion } from './stored-version.ts'

/** Of each list; `--json` has all. */
const toldMax = 20

const cut = (lines: readonly string[]): readonly string[] =>
  lines.length <= toldMax
    ? lines
    : [...lines.slice(0, toldMax), `… and ${lines.length - toldMax} more; --json has all`]

const label = (name: string, text: string): string => `${name.padEnd(11)}${text}`

/** `opened 3 h ago, sealed 2 s later, committed 4 s later`. */
export const writeLife = ({ id, sealedAt, committedAt }: Batch, now: number): string => {
  const opened = openedAt(id)
  const later = (from: number | undefined, to: number): string =>
    from === undefined ? writeTime(to) : `${writeDuration(to - from)} later`
  return [
    ...(opened === undefined ? [] : [`opened ${writeMoment(opened, now)} (${writeTime(opened)})`]),
    ...(sealedAt === undefined ? [] : [`sealed ${later(opened, sealedAt)}`]),
    ...(committedAt === undefined ? [] : [`committed ${later(sealedAt, committedAt)}`]),
  ].join(', ')
}

const cellOf = (share: Share | undefined): string => {
  if (!share) return ''
  const { state, rows, distinct } = share
  if (state === 'unseen') return '?'
  const count = rows === distinct ? `${rows}` : `${rows} (${distinct} distinct)`
  return state === 'applied' ? count : `${count}, ${state}`
}

/** A row for each chunk, a column for each target. */
export const describeChunks = (chunks: readonly ChunkStory[]): readonly string[] => {
  if (chunks.length === 0) return []
  const targets = [...new Set(chunks.flatMap(({ shares }) => shares.map(({ target }) => target)))]
  const rows = chunks.slice(0, toldMax).map(({ token, table, month, shares }) => ({
    ...{ chunk: token, table, month },
    ...Object.fromEntries(
      targets.map((name) => [
        `rows in ${name}`,
        cellOf(shares.find(({ target }) => target === name)),
      ]),
    ),
  }))
  const files = [
    ...new Set(
      chunks.flatMap(({ shares }) =>
        shares.flatMap(({ rows: held, state, files: own }) =>
          held > 0 || state === 'rejected' ? own : [],
        ),
      ),
    ),
  ]
  return [
    layOutRows(rows),
    ...(chunks.length > toldMax
      ? [`… and ${chunks.length - toldMax} more chunks; --json has all`]
      : []),
    ...cut(files).map((file) => `  ${file}`),
  ]
}

const describeRejected = ({ byReason, lines, unread }: RejectedLines): readonly string[] => [
  ...Object.entries(byReason).map(([reason, count]) =>
    label('rejected', `${counted(count, 'record')}: ${reason}`),
  ),
  ...lines.map(({ record, line, reason, path, file }) => {
    const place = line === null ? '' : `, line ${line}`
    return `  record ${record}${place}: ${reason}${path === undefined ? '' : ` at ${path}`} in ${file}`
  }),
  ...unread.map((file) => `  not looked through, for it is gone or too large: ${file}`),
]

const describeLoad = (load: LoadStory, now: number): readonly string[] => {
  const { file, batch, entry, chunks, chunksRead, chunksAll, rejected } = load
  const { disposition, records, rows, rejected: refused, discarded, generation, reason } = entry
  const counts = [
    counted(records, 'record'),
    `${rows} became rows`,
    `${refused} rejected`,
    ...(discarded > 0 ? [`${discarded} discarded`] : []),
  ]
  const why = reason === undefined ? '' : `: ${reason}`
  return [
    ...(file === undefined ? [] : ['', label('replay', `of ${file}`)]),
    label('batch', `${batch.id}, ${stateOf(batch)}: ${writeLife(batch, now)}`),
    label('became', `${disposition}${why}: ${counts.join(', ')}; generation ${generation}`),
    ...describeRejected(rejected),
    ...(chunksRead < chunksAll
      ? [`only ${chunksRead} of ${chunksAll} chunks were looked into`]
      : []),
    ...(chunks.length > 0 ? ['', ...describeChunks(chunks)] : []),
  ]
}

const describeArrival = ({ url, isOurs, dataset }: ObjectStory): string => {
  if (!url.startsWith('s3://')) return 'a message of that queue, which transform takes itself'
  if (!isOurs) return 'nothing: ingest does not take from its bucket'
  const as = dataset === undefined ? 'no route accepts its key' : `as ${dataset}`
  return `its ObjectCreated event on the queue arrivals, and from ingest on the queue objects: ${as}`
}

/** All of one object version, or of one record of it. */
export const describeStory = (
  story: ObjectStory,
  stored: StoredVersion['stored'],
  now: number,
): string => {
  const { url, version, record, source, claim, batch, standing, verdicts } = story
  const { loads, unfollowed, erased } = story
  const size =
    stored === undefined
      ? ''
      : `, ${stored.sizeBytes} bytes, written ${writeMoment(stored.lastModified, now)}`
  const unsealed = loads.length === 0 && batch
  return [
    `${url}${record === undefined ? '' : ` record ${record}`}`,
    label('version', `${version}${size}`),
    label('arrives by', describeArrival(story)),
    label('source', `${source}, its claim in the ledger`),
    label('claim', claim ? `batch ${claim.batch}, generation ${claim.generation}` : 'none'),
    ...(unsealed
      ? [label('batch', `${batch.id}, ${stateOf(batch)}: ${writeLife(batch, now)}`)]
      : []),
    label('stands', `${standing.reason}: ${standing.detail}`),
    ...loads.flatMap((load) => describeLoad(load, now)),
    ...cut(unfollowed).map((file) => label('replays', `not followed: ${file}`)),
    ...(erased > 0 ? [label('erased', `${counted(erased, 'record')} on purpose`)] : []),
    ...(verdicts.length > 0 ? [''] : []),
    ...cut(
      verdicts.map(
        ({ kind, detail, mend }) => `${kind}: ${detail}${mend === undefined ? '' : `. ${mend}`}`,
      ),
    ),
    ...adviceOf(story),
  ].join('\n')
}

/** What to do where the object itself is not loaded. */
const adviceOf = ({ standing: { reason }, url }: ObjectStory): readonly string[] => {
  const key = url.replace(/^s3:\/\/[^/]+\//, '')
  const enqueue = `silversmith reconcile --prefix ${quote(key)} --enqueue`
  const advice: Readonly<Partial<Record<typeof reason, string>>> = {
    'never-begun': `if its message is not on its way (silversmith status), send it: ${enqueue}`,
    'batch-failed': `its message comes again; the log of transform says why, silversmith dlq list whether it died; ${enqueue}`,
    suspected:
      'its message comes again, and it is opened by itself; silversmith dlq list says whether it died',
    'in-work': 'wait',
    'batch-waits': 'mend what the problem names; the sweep applies the batch',
    poison: 'correct the object and upload it again',
    'set-aside': `mend the reason, then ${enqueue} --set-aside`,
    unrouted: `add a route to ROUTES of ingest and transform, then ${enqueue}`,
    'object-gone': 'nothing can be loaded any more',
    'other-bucket': 'add the bucket to BRONZE_BUCKET of ingest, or leave it',
    'claim-without-batch':
      'silversmith ledger rebuild; where the batch has no manifest silversmith batch free',
    'manifest-unreadable': 'restore the manifest from a version',
  }
  const told = advice[reason]
  return told === undefined ? [] : ['', `what to do: ${told}`]
}
