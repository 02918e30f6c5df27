import { type ManifestSource, reloadsTable } from '@silversmith/core'
import type { LoadStory } from './object-story.ts'
import type { RejectedLine } from './rejected-lines.ts'

/** Why rows are not where one may look for them. */
export interface Verdict {
  readonly kind:
    | 'waiting'
    | 'lost'
    | 'refused'
    | 'unseen'
    | 'rejected'
    | 'adopted'
    | 'erased'
    | 'expired'
    | 'superseded'
    | 'discarded'
    | 'no-such-record'
    | 'without-rows'
  readonly detail: string
  /** Nothing is to be done about it: it is on its way, or meant so. */
  readonly isWell: boolean
  /** The command that mends it. */
  readonly mend?: string
}

/** Looks at what targets hold; `record`: of that record alone. The first load is that of the object, the others are replays. */
export const judgeRows = (
  loads: readonly LoadStory[],
  record: number | undefined,
  erased: ReadonlySet<number>,
): readonly Verdict[] => {
  const verdicts = loads.flatMap(judgeLoad)
  const [own, ...replays] = loads
  if (!own) return []
  if (record === undefined)
    return [...judgeWhole(own, erased), ...replays.flatMap(judgeReplay), ...verdicts]
  const isThere = loads.some(({ chunks }) => chunks.length > 0)
  return isThere ? verdicts : [...judgeAbsent(own, loads, record, erased), ...verdicts]
}

/** What the targets of one batch have, beside each other. */
const judgeLoad = (load: LoadStory): readonly Verdict[] => {
  const { batch, chunks, problems, expiring } = load
  const verdicts: Verdict[] = []
  for (const [target, problem] of Object.entries(problems)) {
    const isWaiting = batch.state === 'S' && batch.problems?.[target] === problem
    const detail = `${target}: ${problem}`
    verdicts.push({ kind: isWaiting ? 'waiting' : 'unseen', detail, isWell: false })
  }
  for (const { token, table, shares } of chunks) {
    const most = Math.max(...shares.map(({ distinct }) => distinct))
    for (const { target, state, distinct, files } of shares) {
      if (distinct >= most || state === 'unseen') continue
      const detail = `${target} has ${distinct} of ${most} rows in chunk ${token}`
      if (state === 'waiting') {
        if (problems[target] === undefined)
          verdicts.push({ kind: 'waiting', detail: `${detail}: it is being applied`, isWell: true })
      } else if (state === 'rejected') {
        const told = `${detail}: an operator rejected the chunk, it is in ${files.join(', ')}`
        verdicts.push({ kind: 'refused', detail: told, isWell: true })
      } else if (expiring.includes(table)) {
        const told = `${detail}: ${table} keeps rows for some time only`
        verdicts.push({ kind: 'expired', detail: told, isWell: true })
      } else {
        const mend = `silversmith repair ${batch.id} --yes`
        const told = `${detail}: they were deleted there`
        verdicts.push({ kind: 'lost', detail: told, isWell: false, mend })
      }
    }
  }
  return verdicts
}

const one = (kind: Verdict['kind'], detail: string, isWell: boolean, mend?: string): Verdict => ({
  ...{ kind, detail, isWell },
  ...(mend !== undefined && { mend }),
})

/** Of an object of which fewer rows are there than it became: each record that was not rejected became one at least. */
const judgeWhole = (load: LoadStory, erased: ReadonlySet<number>): readonly Verdict[] => {
  const { batch, entry, chunks, problems, chunksRead, chunksAll } = load
  if (entry.adopted) return [adopted(entry)]
  const held = chunks
    .filter(({ table }) => table !== reloadsTable.name)
    .reduce((sum, { shares }) => sum + Math.max(...shares.map(({ distinct }) => distinct)), 0)
  if (held >= entry.rows || Object.keys(problems).length > 0) return []
  const some = held === 0 ? `none of its ${entry.rows}` : `only ${held} of its ${entry.rows}`
  const few = `${some} rows ${held > 1 ? 'are' : 'is'} in a target`
  if (batch.state === 'S')
    return [one('waiting', `${few}: batch ${batch.id} is being applied`, true)]
  if (held >= entry.rows - erased.size)
    return held > 0 ? [] : [one('erased', `${few}: they were erased on purpose`, true)]
  if (load.refused.length > 0) return [refused(few, load)]
  if (load.expiring.length > 0)
    return held > 0
      ? []
      : [one('expired', `${few}: they are older than the table keeps rows`, true)]
  if (chunksRead < chunksAll) {
    const rest = `${few}, by ${chunksRead} of ${chunksAll} chunks; the others were not looked into`
    return [one('unseen', rest, held > 0)]
  }
  return [one('lost', `${few}: they were deleted`, false, `silversmith repair ${batch.id} --yes`)]
}

/** How many of the file's rows are of this object nobody knows. */
const judgeReplay = ({ batch, file, problems }: LoadStory): readonly Verdict[] =>
  batch.state === 'S' && Object.keys(problems).length === 0
    ? [one('waiting', `batch ${batch.id}, which replayed ${file}, is being applied`, true)]
    : []

const refused = (few: string, load: LoadStory): Verdict =>
  one('refused', `${few}: an operator rejected a chunk, it is in ${load.refused.join(', ')}`, true)

const adopted = ({ reason = 'adopted' }: ManifestSource): Verdict =>
  one('adopted', `${reason}: its rows are those of another system`, true)

/** The batch that had the record last, and where it was rejected there: replay after replay. */
const follow = (
  own: LoadStory,
  loads: readonly LoadStory[],
  record: number,
): { readonly last: LoadStory; readonly line: RejectedLine | undefined } => {
  const line = own.rejected.lines.find((found) => found.record === record)
  const next = line && loads.find(({ file }) => file === line.file)
  return next ? follow(next, loads, record) : { last: own, line }
}

/** Why a record has no row in any target. */
const judgeAbsent = (
  own: LoadStory,
  loads: readonly LoadStory[],
  record: number,
  erased: ReadonlySet<number>,
): readonly Verdict[] => {
  if (own.entry.adopted) return [adopted(own.entry)]
  if (erased.has(record)) return [one('erased', 'it was erased on purpose', true)]
  const { last, line } = follow(own, loads, record)
  if (line) {
    const { reason, path, file } = line
    const detail = `${reason}${path === undefined ? '' : ` at ${path}`}; it is kept in ${file}`
    return [one('rejected', detail, true, `silversmith quarantine show ${file}`)]
  }
  if (record >= own.entry.records) {
    const detail = `the object has ${own.entry.records} records, counted from 0`
    return [one('no-such-record', detail, false)]
  }
  const { entry, batch, rejected, expiring, chunksRead, chunksAll } = last
  if (rejected.unread.length > 0) {
    const detail = `it may be in a quarantine file that is gone or too large to be looked through: ${rejected.unread.join(', ')}`
    return [one('unseen', detail, false)]
  }
  if (entry.rows === 0 && entry.discarded === 0)
    return [one('without-rows', `nothing of the object became a row: ${entry.disposition}`, true)]
  const discarded =
    entry.discarded > 0 ? `${entry.discarded} records of the object were discarded on purpose` : ''
  if (entry.rows === 0) return [one('discarded', discarded, true)]
  // A target that was not asked may have it.
  if (Object.keys(last.problems).length > 0) return []
  if (batch.state === 'S') return [one('waiting', `batch ${batch.id} is not applied yet`, true)]
  if (last.refused.length > 0) return [refused('none of its rows is in a target', last)]
  if (chunksRead < chunksAll)
    return [one('unseen', `only ${chunksRead} of ${chunksAll} chunks were looked into`, false)]
  if (expiring.length > 0)
    return [one('expired', 'its rows are older than the table keeps rows', true)]
  return discarded
    ? [one('discarded', `${discarded}; this one may be among them`, true)]
    : [one('lost', 'it became rows, and no target has them any more', false)]
}
