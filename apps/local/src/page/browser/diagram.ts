import type { Applied, Tick } from '../tick.ts'
import { find, tell } from './element.ts'
import type { Edge } from './motion.ts'
import { createMotion } from './motion.ts'
import { functionOf, nodeOf, queueOf } from './node.ts'
import { bytesText, countText, plural } from './number.ts'

const bronze = '--bronze'
const edges = {
  toArrivals: { from: 'bronze', to: 'arrivals', color: bronze },
  toIngest: { from: 'arrivals', to: 'ingest', color: bronze },
  toObjects: { from: 'ingest', to: 'objects', color: bronze },
  toTransform: { from: 'objects', to: 'transform', color: bronze },
  fromMessages: { from: 'messages', to: 'transform', color: bronze },
  toSilver: { from: 'transform', to: 'silver', color: '--silver' },
  toClickHouse: { from: 'transform', to: 'clickhouse', color: '--clickhouse' },
  toQuarantine: { from: 'transform', to: 'quarantine', color: '--rejected' },
} satisfies Record<string, Edge>

const noTarget = 'no target of this run'

/** What its breaker says, in short; the problems tell the rest. */
const restOf = ({ rest }: Applied): string | undefined =>
  rest && (rest.table === undefined ? 'rests' : `${rest.table} rests`)

/** Where all is well every object has rows; the others are worth a word. */
const describeObjects = ({ objects, batches, dispositions }: Tick['totals']): string =>
  [
    `from ${plural(objects, 'object')} in ${plural(batches, 'batch', 'batches')}`,
    ...Object.entries(dispositions)
      .filter(([name]) => name !== 'rows')
      .map(([name, count]) => `${countText(count)} ${name}`),
  ].join(' · ')

/** records = rows + rejected + discarded. */
const createAccount = () => {
  const sums = [...document.querySelectorAll<HTMLElement>('[data-sum]')]
  const detail = find('#account-detail')
  const discarded = find('#discarded')
  return ({ totals }: Tick): void => {
    for (const sum of sums) {
      const name = sum.dataset['sum'] as 'records' | 'rows' | 'rejected' | 'discarded'
      tell(sum, countText(totals[name]))
    }
    discarded.hidden = totals.discarded === 0
    tell(detail, describeObjects(totals))
  }
}

const createTargets = () => {
  const silver = nodeOf('silver')
  const clickhouse = nodeOf('clickhouse')
  const showSilver = (applied: Applied | undefined): void => {
    silver.element.classList.toggle('absent', !applied)
    if (!applied) return silver.show(0, noTarget)
    const { rows, files, bytes } = applied
    const text = restOf(applied) ?? `rows in ${plural(files, 'file')}`
    silver.show(rows, text, applied.rest !== undefined)
    silver.element.title = `${bytesText(bytes)} of Parquet`
  }
  const showClickHouse = (applied: Applied | undefined, tables: Tick['tables']): void => {
    clickhouse.element.classList.toggle('absent', !applied)
    if (!applied) return clickhouse.show(0, noTarget)
    const counts = Object.values(tables ?? {})
    const rows = tables ? counts.reduce((sum, one) => sum + one, 0) : applied.rows
    const text = tables ? `rows in ${plural(counts.length, 'table')}` : 'rows sent, not counted'
    clickhouse.show(rows, restOf(applied) ?? text, applied.rest !== undefined)
  }
  return ({ applied, tables }: Tick): void => {
    showSilver(applied['silver'])
    showClickHouse(applied['clickhouse'], tables)
  }
}

export const createDiagram = () => {
  const motion = createMotion(find('#flow'), Object.values(edges))
  const showAccount = createAccount()
  const showTargets = createTargets()
  const places = { bronze: nodeOf('bronze'), quarantine: nodeOf('quarantine') }
  const queues = [
    ['arrivals', queueOf('arrivals')],
    ['objects', queueOf('objects')],
    ['messages', queueOf('messages')],
  ] as const
  const functions = { ingest: functionOf('ingest'), transform: functionOf('transform') }

  const move = ({ moved }: Tick): void => {
    motion.show(edges.toArrivals, moved.landed)
    motion.show(edges.toIngest, moved.ingested)
    motion.show(edges.toObjects, moved.ingested)
    motion.show(edges.toTransform, moved.transformed)
    motion.show(edges.fromMessages, moved.messages)
    motion.show(edges.toSilver, moved.applied['silver'] ?? 0)
    motion.show(edges.toClickHouse, moved.applied['clickhouse'] ?? 0)
    motion.show(edges.toQuarantine, moved.rejected)
  }

  return (tick: Tick): void => {
    const { landed, functions: work, totals } = tick
    places.bronze.show(landed.objects, `objects · ${bytesText(landed.bytes)}`)
    for (const [name, show] of queues) show(tick.queues[name])
    functions.ingest(work.ingest.done, 'events read', work.ingest)
    const open = tick.openBatches > 0 ? ` · ${countText(tick.openBatches)} open` : ''
    functions.transform(totals.batches, `batches${open}`, work.transform)
    places.quarantine.show(totals.rejected, `records · ${plural(totals.quarantineFiles, 'file')}`)
    showTargets(tick)
    showAccount(tick)
    move(tick)
  }
}
