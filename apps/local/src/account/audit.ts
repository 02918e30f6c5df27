import { type MessageRef, objectOfMessage, type ObjectRef } from '@silversmith/core'
import { traceless } from '@silversmith/flow'
import type { ForeignRows } from './foreign-rows.ts'
import type { SealedBatch } from './history.ts'
import type { QuarantineFigures } from './quarantine-figures.ts'
import { sumBatches } from './run-figures.ts'
import type { TargetFigures } from './silver-figures.ts'
import type { Uploaded } from '../input/upload.ts'

export interface Accounts {
  readonly bucket: string
  readonly uploaded: readonly Uploaded[]
  /** Messages that are data. */
  readonly sent: readonly MessageRef[]
  /** Every sealed batch of the pipeline, of earlier runs too. */
  readonly history: readonly SealedBatch[]
  readonly targets: Readonly<Record<string, TargetFigures>>
  readonly quarantine: QuarantineFigures
  readonly dead: number
}

const namesMax = 5

const listed = (names: readonly string[]): string =>
  names.length <= namesMax
    ? names.join(', ')
    : `${names.slice(0, namesMax).join(', ')} and ${names.length - namesMax} more`

type Name = Pick<ObjectRef, 'bucket' | 'key' | 'version'>
/** Tells one version of an object from all others. */
export const nameOf = ({ bucket, key, version }: Name): string =>
  JSON.stringify([bucket, key, version])

const auditObjects = ({ bucket, uploaded, sent, history }: Accounts): readonly string[] => {
  const times = new Map<string, number>()
  for (const { manifest } of history)
    for (const { object, disposition } of manifest.sources) {
      // What one batch set aside, another looks at again when it is asked for again.
      const weight = traceless.has(disposition) ? 0 : 1
      const name = nameOf(object)
      times.set(name, (times.get(name) ?? 0) + weight)
    }
  const missing = [
    ...uploaded.map(({ key, version }) => ({ bucket, key, version })),
    ...sent.map(objectOfMessage),
  ].filter((object) => !times.has(nameOf(object)))
  const repeated = [...times].filter(([, count]) => count > 1).map(([name]) => name)
  return [
    ...(missing.length > 0
      ? [`${missing.length} objects have no disposition: ${listed(missing.map(({ key }) => key))}`]
      : []),
    ...(repeated.length > 0
      ? [`${repeated.length} objects are in several batches: ${listed(repeated)}`]
      : []),
  ]
}

const auditSources = ({ history }: Accounts): readonly string[] =>
  history.flatMap(({ batch, manifest }) => [
    ...(batch.state === 'C' ? [] : [`batch ${batch.id} is sealed but not committed`]),
    ...manifest.sources
      .filter(({ records, rows, rejected, discarded }) => records !== rows + rejected + discarded)
      .map(
        ({ object, records, rows, rejected, discarded }) =>
          `${object.key}: ${records} records are not ${rows} rows + ${rejected} rejected + ${discarded} discarded`,
      ),
  ])

const auditTarget = (
  target: string,
  { tables, foreign }: TargetFigures,
  batchRows: Readonly<Record<string, number>>,
  refused: Readonly<Record<string, number>> = {},
): readonly string[] => {
  const names = new Set([...Object.keys(tables), ...Object.keys(batchRows)])
  const counted = [...names].flatMap((name) => {
    const { rows, distinct } = tables[name] ?? { rows: 0, distinct: 0 }
    const most = batchRows[name] ?? 0
    // What the target refuses for ever it need not hold; a person may have loaded it since.
    const due = most - (refused[name] ?? 0)
    return [
      ...(rows >= due && rows <= most
        ? []
        : [
            `${target}: ${name} has ${rows} rows, its batches have ${due}${foreign && rows < due ? lostHint : ''}`,
          ]),
      ...(rows === distinct
        ? []
        : [`${target}: ${name} has ${rows} rows but ${distinct} row identities`]),
    ]
  })
  return [...counted, ...Object.values(foreign ?? {}).map(describeForeign)]
}

/** Of a server that is not ours, where others may have been. */
const lostHint =
  ': the others were deleted there, or replaced by a later load from another state. If they were deleted, load again with a new --dir'

const describeForeign = ({ table, rows, objects }: ForeignRows): string =>
  `${table} has ${rows} more rows of ${objects} objects that are loaded here: a run with another state (another --dir, or one that is gone) loaded them too. ` +
  `To keep one row of each identity, run OPTIMIZE TABLE ${table} FINAL at the server, and from now on load with this state only`

/** What does not add up, one line each; none: every object, record and row is accounted for. */
export const audit = (accounts: Accounts): readonly string[] => {
  const { rejected, tableRows } = sumBatches(accounts.history)
  const { quarantine, dead } = accounts
  return [
    ...auditObjects(accounts),
    ...auditSources(accounts),
    ...Object.entries(accounts.targets).flatMap(([target, figures]) =>
      auditTarget(target, figures, tableRows, quarantine.refused[target]),
    ),
    ...(quarantine.records === rejected
      ? []
      : [`quarantine has ${quarantine.records} records, ${rejected} were rejected`]),
    ...(dead === 0 ? [] : [`${dead} messages are in the dead-letter queues`]),
  ]
}
