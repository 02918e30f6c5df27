import type { Dataset, Mapped, RecordContext } from '@silversmith/core'
import type { JsonObject } from '../json.ts'
import { compileRules } from '../rule.ts'
import { mapJsonRecord, recordRejections } from '../json-record.ts'
import { recordTime, timeRejections } from '../record-time.ts'
import { createWalk } from './breach.ts'
import { partRejections, rejectionOf } from './rejection.ts'
import { statementRules } from './rules.ts'
import { statement } from './specification.ts'

const table = 'xapi_statements'
const compiled = compileRules(statementRules)
const walk = createWalk()

const map = (parsed: unknown, context: RecordContext): Mapped =>
  mapJsonRecord(parsed, context, (record) => mapObject(record, context))

const mapObject = (record: JsonObject, { hash, text }: RecordContext): Mapped => {
  const time = recordTime(record, ['timestamp', 'stored'])
  if ('rejection' in time) return time
  const rejection = rejectionOf(record)
  if (rejection) return { rejection }
  const { micros } = time
  statement(record, walk)
  const values = compiled.write({ record, hash, micros, text, breaches: walk.take() })
  return { rows: [{ table, timeMicros: micros, values }] }
}

/** Any xAPI statement, whole, with columns for what is asked for most. */
export const xapiStatements: Dataset = {
  name: 'xapi_statements',
  version: 2,
  description:
    'Any xAPI statement, 1.0.3 or 2.0, one row each, with the whole statement beside its columns. A statement that does not say who did what to what is none. What else breaches the specification is in the column breaches, values that fit no column are in _rescued.',
  rejections: {
    ...recordRejections,
    ...timeRejections('timestamp, else stored'),
    ...partRejections,
  },
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
