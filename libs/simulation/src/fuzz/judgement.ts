import { sha256Of } from '../memory/memory-store.ts'
import type { FuzzInput } from './fuzz-input.ts'
import { unpackReference } from './gzip-reference.ts'
import { groupBy, type Outcome, type SeenRejection, type SeenRow } from './outcome.ts'
import { type ReferenceRecord, splitReference } from './record-reference.ts'
import { verdictOf } from './verdict.ts'

/**
 * Whether every record of the input is in exactly one of rows, quarantine and discarded, by its ordinal and with its own bytes;
 * or the object has a disposition and left nothing. One text for each thing that is wrong.
 */
export const judgeOutcome = (input: FuzzInput, outcome: Outcome): readonly string[] => {
  const refusal = refusalOf(input)
  if ('allowed' in refusal) {
    const { disposition, rows, rejections } = outcome
    const wrong = refusal.allowed.includes(disposition)
      ? []
      : [`disposition ${disposition}, must be ${refusal.allowed.join(' or ')}`]
    return rows.length + rejections.length > 0 ? [...wrong, 'a refused object left rows'] : wrong
  }
  const isDocument = /\.json(\.gz)?$/i.test(input.key)
  const records = splitReference(refusal.plain, isDocument, input.limits)
  return [...judgeSums(records, outcome), ...judgeRecords(input, records, outcome)]
}

const refusalOf = ({
  bytes,
  contentEncoding,
  limits,
}: FuzzInput): { readonly allowed: readonly string[] } | { readonly plain: Buffer } => {
  if (bytes.length > limits.objectBytesMax) return { allowed: ['too-large'] }
  const unpacked = unpackReference(bytes, contentEncoding)
  // Damaged, but the limit may be reached before the damage is.
  if ('refused' in unpacked) return { allowed: ['unreadable', 'too-large'] }
  const { plain } = unpacked
  return plain.length + unpacked.markBytes > limits.decompressedBytesMax
    ? { allowed: ['too-large'] }
    : { plain }
}

const judgeSums = (records: readonly ReferenceRecord[], outcome: Outcome): readonly string[] => {
  const { counts, disposition, rejections } = outcome
  const wrong: string[] = []
  if (disposition !== (counts.rows > 0 ? 'rows' : 'empty')) wrong.push(`disposition ${disposition}`)
  if (counts.records !== records.length)
    wrong.push(`${counts.records} records counted, there are ${records.length}`)
  if (counts.rows + counts.rejected + counts.discarded !== counts.records)
    wrong.push(`sums differ: ${JSON.stringify(counts)}`)
  if (counts.rejected !== rejections.length)
    wrong.push(`${counts.rejected} counted as rejected, ${rejections.length} are in quarantine`)
  return wrong
}

const judgeRecords = (
  input: FuzzInput,
  records: readonly ReferenceRecord[],
  outcome: Outcome,
): readonly string[] => {
  const rows = groupBy(outcome.rows, ({ record }) => record)
  const rejections = groupBy(outcome.rejections, ({ record }) => record)
  const wrong = records.flatMap((record) => {
    const found = rows.get(record.ordinal) ?? []
    const refused = rejections.get(record.ordinal) ?? []
    return judgeRecord(input, record, found, refused).map(
      (text) => `record ${record.ordinal} (line ${record.line}): ${text}`,
    )
  })
  const discarded = records.filter(
    ({ ordinal }) => !rows.has(ordinal) && !rejections.has(ordinal),
  ).length
  if (discarded !== outcome.counts.discarded)
    wrong.push(`${outcome.counts.discarded} counted as discarded, ${discarded} are nowhere`)
  const known = new Set(records.map(({ ordinal }) => ordinal))
  const strange = [...rows.keys(), ...rejections.keys()].filter((ordinal) => !known.has(ordinal))
  if (strange.length > 0) wrong.push(`records ${strange.join(', ')} are not of this object`)
  if (rows.size !== outcome.counts.rows)
    wrong.push(`${outcome.counts.rows} counted as rows, ${rows.size} records have rows`)
  return wrong
}

const judgeRecord = (
  { dataset, limits }: FuzzInput,
  record: ReferenceRecord,
  rows: readonly SeenRow[],
  rejections: readonly SeenRejection[],
): readonly string[] => {
  const allowed = record.reason
    ? new Set([record.reason])
    : verdictOf(dataset.name, record.value, record.bytes.toString())
  const ends = [...(rows.length > 0 ? ['rows'] : []), ...rejections.map(({ reason }) => reason)]
  const [end = 'discarded'] = ends
  if (ends.length > 1) return [`is in ${ends.join(' and ')}`]
  if (!allowed.has(end)) return [`ended as ${end}, must be ${[...allowed].join(' or ')}`]
  return [
    ...rows.flatMap((row, part) => judgeRow(record, row, part)),
    ...rejections.flatMap((rejection) => judgeRejection(record, rejection, limits)),
  ]
}

const judgeRow = (record: ReferenceRecord, row: SeenRow, part: number): readonly string[] => {
  const wrong: string[] = []
  if (row.part !== part) wrong.push(`row ${part} has _part ${row.part}`)
  if (row.line !== record.line) wrong.push(`its row says line ${row.line}`)
  if (row.hash !== undefined && row.hash !== sha256Of(record.bytes))
    wrong.push('its row is of other bytes')
  return wrong
}

const judgeRejection = (
  { bytes, line, offset }: ReferenceRecord,
  seen: SeenRejection,
  { recordBytesMax, quarantineRawBytesMax }: FuzzInput['limits'],
): readonly string[] => {
  const wrong: string[] = []
  const isCut = bytes.length > recordBytesMax
  const raw = isCut ? bytes.subarray(0, quarantineRawBytesMax) : bytes
  if (seen.line !== line) wrong.push(`quarantine says line ${seen.line}`)
  if (seen.offset !== offset) wrong.push(`quarantine says offset ${seen.offset}, not ${offset}`)
  if (seen.sizeBytes !== bytes.length) wrong.push(`quarantine says ${seen.sizeBytes} bytes`)
  if (!seen.raw.equals(raw)) wrong.push('quarantine holds other bytes')
  if (seen.sha256 !== (isCut ? sha256Of(bytes) : undefined)) wrong.push('sha256 in quarantine')
  return wrong
}
