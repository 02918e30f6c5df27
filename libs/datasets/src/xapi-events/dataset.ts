import type { Dataset, Mapped, RecordContext } from '@silversmith/core'
import type { JsonObject } from '../json.ts'
import { pathText, valueAt } from '../path.ts'
import { compileRules } from '../rule.ts'
import { mapJsonRecord, recordRejections } from '../json-record.ts'
import { recordTime, timeRejections } from '../record-time.ts'
import { attributionRows, attributionsMax, attributionsTable } from './attributions.ts'
import { eventTypeOf } from './event-type.ts'
import { attributionsPath, eventRules, eventTableName } from './rules.ts'
import { eventViews } from './upstream-views.ts'

const table = eventTableName
/** Fields of every statement by the specification; what else a statement has is a producer's own. */
const statementFields = [
  ...['id', 'actor', 'verb', 'object', 'result', 'context', 'timestamp', 'stored', 'authority'],
  ...['version', 'attachments'],
]

const compiled = compileRules(eventRules, {
  closed: [[], ['context', 'extensions'], ['result', 'extensions']],
  known: statementFields.map((field) => [field]),
})

const map = (parsed: unknown, context: RecordContext): Mapped =>
  mapJsonRecord(parsed, context, (record) => mapObject(record, context))

const ignore = (): void => undefined
const path = pathText(attributionsPath)
const attributionsAt = eventRules.findIndex(({ name }) => name === attributionsTable.name)

const mapObject = (record: JsonObject, { hash, text }: RecordContext): Mapped => {
  const time = recordTime(record, ['timestamp'])
  if ('rejection' in time) return time
  const { micros } = time
  const facts = { record, hash, micros, eventType: eventTypeOf(record) }
  const event = { table, timeMicros: micros, values: compiled.write(facts) }
  // Few statements have attributions, and the column knows.
  if (event.values[attributionsAt] === null) return { rows: [event] }
  const list = valueAt(record, attributionsPath, ignore)
  if (!Array.isArray(list)) return { rows: [event] }
  if (list.length > attributionsMax) return { rejection: { reason: 'too_many_attributions', path } }
  return { rows: [event, ...attributionRows(list, facts, text)] }
}

/** xAPI statements of OLI Torus: videos, page views, attempts, tutor messages. */
export const xapiEvents: Dataset = {
  name: 'xapi_events',
  version: 3,
  description:
    'xAPI statements of OLI Torus: videos, page views, attempts and tutor messages, one row each; and one row for each experiment a statement counts for. The statement itself stays in bronze; values that fit no column, and extensions and fields of a statement that no column knows, are in _rescued.',
  rejections: {
    ...recordRejections,
    ...timeRejections('timestamp'),
    too_many_attributions: `it counts for more than ${attributionsMax} experiments`,
  },
  tables: [
    {
      name: table,
      description: 'Events of OLI Torus, one row per statement',
      kinds: 'event_type',
      columns: compiled.columns,
      paths: compiled.paths,
      orderBy: ['section_id', 'event_type', 'timestamp'],
      indexes: [
        { column: 'user_id', type: 'bloom_filter', granularity: 4 },
        { column: 'event_hash', type: 'bloom_filter', granularity: 4 },
      ],
      views: eventViews,
    },
    attributionsTable,
  ],
  map,
}
