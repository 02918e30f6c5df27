import type { ManifestSource } from '@silversmith/core'
import type { LoadStory } from './object-story.ts'

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
    | 'discarded'
    | 'no-such-record'
    | 'without-rows'
  readonly detail: string
  /** Nothing is to be done about it: it is on its way, or meant so. */
  readonly isWell: boolean
  /** The command that mends it. */
  readonly mend?: string
}

/** Looks at what targets hold; `record`: of that record alone. */
export const judgeRows = (
  loads: readonly LoadStory[],
  record: number | undefined,
  erased: ReadonlySet<number>,
): readonly Verdict[] => {
  const verdicts = loads.flatMap(judgeLoad)
  if (record === undefined)
    return [...loads.flatMap((load) => judgeWhole(load, erased)), ...verdicts]
  const [own] = loads
  if (!own) return []
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

/** Of an object that became rows, of which no target has one. */
const judgeWhole = (load: LoadStory, erased: ReadonlySet<number>): readonly Verdict[] => {
  const { batch, entry, chunks, problems, expiring, chunksRead, chunksAll } = load
  if (entry.adopted) return [adopted(entry)]
  if (entry.rows === 0 || chunks.length > 0 || Object.keys(problems).length > 0) return []
  const none = `none of its ${entry.rows} rows is in a target`
  if (batch.state === 'S')
    return [
      { kind: 'waiting', detail: `${none}: batch ${batch.id} is being applied`, isWell: true },
    ]
  if (erased.size > 0)
    return [{ kind: 'erased', detail: `${none}: they were erased on purpose`, isWell: true }]
  if (expiring.length > 0)
    return [
      {
        kind: 'expired',
        detail: `${none}: they are older than the table keeps rows`,
        isWell: true,
      },
    ]
  if (chunksRead < chunksAll)
    return [
      {
        kind: 'unseen',
        detail: `${none} in ${chunksRead} of ${chunksAll} chunks, the others were not looked into`,
        isWell: false,
      },
    ]
  const mend = `silversmith repair ${batch.id} --yes`
  return [{ kind: 'lost', detail: `${none}: they were deleted`, isWell: false, mend }]
}

const adopted = ({ reason = 'adopted' }: ManifestSource): Verdict => ({
  ...{ kind: 'adopted', isWell: true },
  detail: `${reason}: its rows are those of another system`,
})

/** Why a record has no row in any target. */
const judgeAbsent = (
  { entry, batch, rejected: first, expiring, chunksRead, chunksAll }: LoadStory,
  loads: readonly LoadStory[],
  record: number,
  erased: ReadonlySet<number>,
): readonly Verdict[] => {
  const one = (kind: Verdict['kind'], detail: string, isWell: boolean): readonly Verdict[] => [
    { kind, detail, isWell },
  ]
  if (entry.adopted) return [adopted(entry)]
  if (erased.has(record)) return one('erased', 'it was erased on purpose', true)
  const lines = loads.flatMap(({ rejected }) => rejected.lines)
  const last = lines.at(-1)
  if (last) {
    const { reason, path, file } = last
    const detail = `${reason}${path === undefined ? '' : ` at ${path}`}; it is kept in ${file}`
    const mend = `silversmith quarantine show ${file}`
    return [{ kind: 'rejected', detail, isWell: true, mend }]
  }
  if (record >= entry.records) {
    const detail = `the object has ${entry.records} records, counted from 0`
    return one('no-such-record', detail, false)
  }
  if (first.unread.length > 0) {
    const detail = `it may be in a quarantine file that is gone or too large to be looked through: ${first.unread.join(', ')}`
    return one('unseen', detail, false)
  }
  if (entry.rows === 0 && entry.discarded === 0)
    return one('without-rows', `nothing of the object became a row: ${entry.disposition}`, true)
  const discarded =
    entry.discarded > 0 ? `${entry.discarded} records of the object were discarded on purpose` : ''
  if (entry.rows === 0) return one('discarded', discarded, true)
  if (batch.state === 'S') return one('waiting', `batch ${batch.id} is not applied yet`, true)
  if (chunksRead < chunksAll) {
    const detail = `only ${chunksRead} of ${chunksAll} chunks were looked into`
    return one('unseen', detail, false)
  }
  if (expiring.length > 0)
    return one('expired', 'its rows are older than the table keeps rows', true)
  return discarded
    ? one('discarded', `${discarded}; this one may be among them`, true)
    : one('lost', 'it became rows, and no target has them any more', false)
}
