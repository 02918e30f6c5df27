import type { Batch, FaultCode, Manifest } from '@silversmith/core'
import { tokenOf } from '@silversmith/core'
import { silverKeyOf } from '@silversmith/flow'
import type { Outage, Surroundings } from './invocation.ts'
import type { Stage } from './stage.ts'
import type { Fate } from './troubles.ts'

type TargetService = 'SILVER' | 'CLICKHOUSE'

/** One target out of reach, for days. */
export interface LongOutage {
  readonly service: TargetService
  /** True time at which it ends. */
  readonly until: number
}

const dayMs = 86_400_000
const daysMax = 3

const manners: readonly {
  readonly fate: Fate
  readonly codes?: Record<TargetService, FaultCode>
}[] = [
  { fate: 'throttled' },
  { fate: 'request-lost' },
  { fate: 'throttled', codes: { SILVER: 'STORE_DENIED', CLICKHOUSE: 'TARGET_DENIED' } },
  { fate: 'throttled', codes: { SILVER: 'STORE_DENIED', CLICKHOUSE: 'TARGET_MISCONFIGURED' } },
]

/** Draws whether this world has one, and plans its beginning within the span. */
export const planLongOutage = (around: Surroundings, spanMs: number): LongOutage | undefined => {
  const { scheduler, random, troubles, outages } = around
  if (!random.chance(troubles().longOutage)) return undefined
  const service = random.pick<TargetService>(['SILVER', 'CLICKHOUSE'])
  const { fate, codes } = random.pick(manners)
  const until = scheduler.now() + spanMs + random.below(daysMax * dayMs)
  const code = codes?.[service]
  const outage: Outage = { until, fate, ...(code && { code }) }
  scheduler.after(random.below(spanMs), () => {
    scheduler.note(`${service} goes down for days: ${code ?? fate}`)
    outages.set(service, outage)
  })
  return { service, until }
}

/** Within this a target that is up has what was sealed, whatever the others do. */
const independenceMs = 3 * 3_600_000

/** Says where a healthy target lacks chunks of a batch sealed long ago. */
export const judgeIndependence = (
  { ledger, store, engine, watch, emptying: { at: emptiedAt = -Infinity } }: Stage,
  { service }: LongOutage,
  now: number,
  violate: (text: string) => void,
): void => {
  const sealed = ledger
    .items()
    .map(({ item }) => item)
    .filter((item): item is Batch => item.kind === 'batch' && item.state === 'S')
    .filter(({ sealedAt = 0 }) => sealedAt < now - independenceMs)
    // Rows of before are for a rebuild, which waits for silver.
    .filter(({ id }) => (watch.sealedAt.get(id) ?? 0) > emptiedAt)
  for (const { id, manifest: ref } of sealed) {
    const file = ref && store.files.get(ref.key)
    if (!file) continue
    const { chunks } = JSON.parse(new TextDecoder().decode(file.bytes)) as Manifest
    for (const chunk of chunks) {
      const isThere =
        service === 'SILVER'
          ? engine.appended(chunk.table).some((row) => row['_chunk'] === tokenOf(id, chunk.n))
          : (chunk.days ?? []).every(({ day }) =>
              store.files.has(silverKeyOf('silver/', id, chunk, day)),
            )
      if (!isThere)
        violate(`${service} is down, and ${tokenOf(id, chunk.n)} waits for it elsewhere`)
    }
  }
}
