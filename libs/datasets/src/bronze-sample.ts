import { createHash } from 'node:crypto'
import { sampleRecords } from './sample-records.ts'
import type { SampleObject } from './xapi-events/sample.ts'

/** A record by its place; `hash` is its content hash. */
export interface BronzeRecord {
  readonly dataset: string
  readonly key: string
  readonly record: number
  readonly hash: string
  /** Why it is rejected; undefined: it is a row. */
  readonly reason: string | undefined
}

export interface BronzeSample {
  readonly objects: readonly SampleObject[]
  /** What a run must make of each record; known by construction, not by mapping. */
  readonly records: readonly BronzeRecord[]
}

const types = ['shipments', 'tracking_events', 'invoice_lines'] as const
const goodCount = 60

const time = '"event_time":"2026-01-07T08:00:00+00:00"'
const badRecords: readonly (readonly [string, string])[] = [
  [`{"record_type":"refunds",${time}}`, 'record_type_mismatch'],
  ['{"shipment_id":"shp_1"}', 'timestamp_missing'],
  ['{"event_time":"yesterday"}', 'timestamp_invalid'],
  [`{${time},`, 'invalid_json'],
]

/** An object of lines and one of an array for each type, in the folders of the default routes. The same seed gives the same ones. */
export const sampleBronze = ({ seed }: { readonly seed: number }): BronzeSample => {
  const samples = types.flatMap((dataset) => {
    const good = [...sampleRecords(dataset, { seed, count: 2 * goodCount })].map(
      (text) => [text, undefined] as const,
    )
    const lines = [...good.slice(0, goodCount), ...badRecords]
    const elements = good.slice(goodCount)
    return [
      { dataset, name: 'lines.jsonl', records: lines, body: joined(lines, '\n') },
      { dataset, name: 'array.json', records: elements, body: `[${joined(elements, ',\n')}]\n` },
    ].map((sample) => ({ ...sample, key: `bronze/${dataset}/${sample.name}` }))
  })
  return {
    objects: samples.map(({ key, body }) => ({ key, body: Buffer.from(body) })),
    records: samples.flatMap(({ dataset, key, records }) =>
      records.map(([text, reason], record) => {
        const hash = createHash('sha256').update(text).digest('hex')
        return { dataset, key, record, hash, reason }
      }),
    ),
  }
}

const joined = (records: readonly (readonly [string, unknown])[], between: string): string =>
  records.map(([text]) => text).join(between)
