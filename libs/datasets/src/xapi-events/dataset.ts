import type { Dataset, Mapped, RecordContext } from '@silversmith/core'
import { isObject, type JsonObject } from '../json.ts'
import { compileRules } from '../rule.ts'
import { mapWithDigits } from '../rounded-number.ts'
import { recordTime } from '../record-time.ts'
import { eventTypeOf } from './event-type.ts'
import { eventRules } from './rules.ts'
import { seedView } from './seed-view.ts'

const table = 'raw_events'
const compiled = compileRules(eventRules)

const map = (parsed: unknown, context: RecordContext): Mapped =>
  isObject(parsed)
    ? mapWithDigits(parsed, context.text, (record) => mapObject(record, context))
    : { rejection: { reason: 'not_an_object' } }

const mapObject = (record: JsonObject, { hash }: RecordContext): Mapped => {
  const time = recordTime(record, ['timestamp'])
  if ('rejection' in time) return time
  const { micros } = time
  const values = compiled.write({ record, hash, micros, eventType: eventTypeOf(record) })
  return { rows: [{ table, timeMicros: micros, values }] }
}

/** xAPI statements of OLI Torus: videos, page views, attempts, tutor messages. Rejections: see `map`'s reasons. */
export const xapiEvents: Dataset = {
  name: 'xapi_events',
  version: 1,
  description:
    'xAPI statements of OLI Torus: videos, page views, attempts and tutor messages, one row each. Rejected: not_an_object, timestamp_missing, timestamp_invalid, timestamp_out_of_range (before 2000 or from 2100 on). The statement itself stays in bronze; values that fit no column are in _rescued.',
  tables: [
    {
      name: table,
      description: 'Events of OLI Torus, one row per statement',
      columns: compiled.columns,
      paths: compiled.paths,
      orderBy: ['section_id', 'event_type', 'timestamp'],
      indexes: [
        { column: 'user_id', type: 'bloom_filter', granularity: 4 },
        { column: 'event_hash', type: 'bloom_filter', granularity: 4 },
      ],
      views: [seedView],
    },
  ],
  map,
}
