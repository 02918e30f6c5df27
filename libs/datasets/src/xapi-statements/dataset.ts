import type { Dataset, Mapped, RecordContext } from '@silversmith/core'
import { isObject, type JsonObject } from '../json.ts'
import { compileRules } from '../rule.ts'
import { mapWithDigits } from '../rounded-number.ts'
import { recordTime } from '../record-time.ts'
import { statementRules } from './rules.ts'

const table = 'xapi_statements'
const compiled = compileRules(statementRules)

const map = (parsed: unknown, context: RecordContext): Mapped =>
  isObject(parsed)
    ? mapWithDigits(parsed, context.text, (record) => mapObject(record, context))
    : { rejection: { reason: 'not_an_object' } }

const mapObject = (record: JsonObject, { hash, text }: RecordContext): Mapped => {
  const time = recordTime(record, ['timestamp', 'stored'])
  if ('rejection' in time) return time
  const { micros } = time
  const values = compiled.write({ record, hash, micros, text })
  return { rows: [{ table, timeMicros: micros, values }] }
}

/** Any xAPI statement, whole, with columns for what is asked for most. */
export const xapiStatements: Dataset = {
  name: 'xapi_statements',
  version: 1,
  description:
    'Any xAPI statement, one row each, with the whole statement beside its columns. Rejected: not_an_object, timestamp_missing (neither timestamp nor stored), timestamp_invalid, timestamp_out_of_range (before 2000 or from 2100 on). Values that fit no column are in _rescued.',
  tables: [
    {
      name: table,
      description: 'xAPI statements, one row each',
      columns: compiled.columns,
      paths: compiled.paths,
      orderBy: ['verb_id', 'timestamp'],
      indexes: [
        { column: 'id', type: 'bloom_filter', granularity: 4 },
        { column: 'actor_id', type: 'bloom_filter', granularity: 4 },
      ],
      views: [
        {
          name: 'xapi_events_all',
          description:
            'Statements in the shape Open edX Aspects and Ralph store them: event_id, emission_time, event',
          select:
            'SELECT\n  toUUID(id) AS event_id,\n  timestamp AS emission_time,\n  statement AS event\nFROM {table}',
        },
      ],
    },
  ],
  map,
}
