import type {
  Breaker,
  Bronze,
  Clock,
  FaultCode,
  Ids,
  Inspector,
  Ledger,
  Log,
  Mender,
  Queue,
  Store,
  Target,
} from '@silversmith/core'
import { sourceIdOf, tokenOf } from '@silversmith/core'
import type { ClickHouseModel } from './clickhouse-model.ts'
import type { Engine, StoredRow } from '../memory/engine.ts'
import type { History } from './history.ts'
import type { Invocation, Request, Service } from './invocation.ts'
import { blockOf } from '../memory/memory-target.ts'
import { createMemoryInspector } from '../memory/memory-inspector.ts'

/** The one world all invocations act on. */
export interface Grounds {
  readonly pipeline: string
  readonly bronze: Bronze
  readonly store: Store
  readonly ledger: Ledger
  readonly history: History
  readonly clickHouse: ClickHouseModel
  /** A chunk is several partitions, so that one of its rows does not prove the others. */
  readonly isSplit: boolean
  readonly decode: (bytes: Uint8Array) => Promise<readonly StoredRow[]>
  readonly send: (body: string) => void
  readonly ids: Ids
  readonly log: Log
  /** Takes virtual time; of one read of a piece. */
  readonly waitForPiece: (isSlow: boolean) => Promise<void>
  /** Drawn for each object that is opened. */
  readonly isSlowToRead: (key: string) => boolean
  /** Wraps real work of the event loop, see Scheduler.hold. */
  readonly hold: <Result>(work: Promise<Result>) => Promise<Result>
}

/** The ports of one invocation, and the sources it set out to claim: whatever it does goes through its await points. */
export interface Ports {
  readonly bronze: Bronze
  readonly store: Store
  readonly ledger: Ledger
  readonly queue: Queue
  readonly clickHouse: Target
  readonly inspector: Inspector
  readonly mender: Pick<Mender, 'fill'>
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  readonly claimed: ReadonlySet<string>
}

const lateMaxMs = 60_000
const detached = new AbortController().signal

const throttledCodes: Readonly<Record<Service, FaultCode>> = {
  BRONZE: 'STORE_UNAVAILABLE',
  STORE: 'STORE_UNAVAILABLE',
  SILVER: 'STORE_UNAVAILABLE',
  LEDGER: 'LEDGER_UNAVAILABLE',
  QUEUE: 'QUEUE_UNAVAILABLE',
  CLICKHOUSE: 'TARGET_UNAVAILABLE',
}

/** Effects happen whether or not the caller still listens: they never see its signal. */
export const request = <Result>(
  label: string,
  service: Service,
  signal: AbortSignal | undefined,
  apply: () => Promise<Result>,
): Request<Result> => {
  const throttledCode = throttledCodes[service]
  const unknownCode = service === 'CLICKHOUSE' ? 'TARGET_OUTCOME_UNKNOWN' : throttledCode
  return { service, label, apply, throttledCode, unknownCode, lateMaxMs, ...(signal && { signal }) }
}

export const createSimulatedPorts = (grounds: Grounds, invocation: Invocation): Ports => {
  const store = simulateStore(grounds, invocation)
  const claimed = new Set<string>()
  return {
    claimed,
    bronze: simulateBronze(grounds, invocation),
    store,
    ledger: simulateLedger(grounds, invocation, claimed),
    queue: {
      send: (body) =>
        invocation.call(request('queue.send', 'QUEUE', undefined, async () => grounds.send(body))),
    },
    clickHouse: simulateClickHouse(grounds, invocation, store),
    inspector: simulateInspector(grounds, invocation),
    mender: simulateMender(grounds, invocation),
    clock: { now: invocation.now, sleep: invocation.sleep },
    ids: grounds.ids,
    log: grounds.log,
  }
}

const simulateBronze = (grounds: Grounds, { call, crash }: Invocation): Bronze => ({
  open: async (object, signal) => {
    const version = grounds.history.find(sourceIdOf(grounds.pipeline, object))
    const opened = await call(
      request(`bronze.open ${object.key}`, 'BRONZE', signal, () =>
        grounds.bronze.open(object, detached),
      ),
    )
    const isSlow = grounds.isSlowToRead(object.key)
    const pieces = opened.body[Symbol.asyncIterator]()
    const body = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        const piece = await call(
          request(`bronze.read ${object.key}`, 'BRONZE', signal, async () => {
            if (version?.isPoison) crash(`poison in ${object.key}`)
            await grounds.waitForPiece(isSlow)
            return pieces.next()
          }),
        )
        if (piece.done) return
        yield piece.value
      }
    }
    return { ...opened, body: body() }
  },
  head: (bucket, key, signal) =>
    call(
      request(`bronze.head ${key}`, 'BRONZE', signal, () =>
        grounds.bronze.head(bucket, key, detached),
      ),
    ),
  list: (bucket, prefix, from, signal) =>
    call(
      request(`bronze.list ${prefix}`, 'BRONZE', signal, () =>
        grounds.bronze.list(bucket, prefix, from, detached),
      ),
    ),
})

const simulateStore = ({ store }: Grounds, { call }: Invocation): Store => ({
  write: (key, bytes, file, signal) =>
    call(
      request(`store.write ${key}`, 'STORE', signal, () => store.write(key, bytes, file, detached)),
    ),
  copy: (from, to, file, signal) =>
    call(
      request(`store.copy ${to}`, to.startsWith('silver/') ? 'SILVER' : 'STORE', signal, () =>
        store.copy(from, to, file, detached),
      ),
    ),
  read: (key, sha256, signal) =>
    call(request(`store.read ${key}`, 'STORE', signal, () => store.read(key, sha256, detached))),
  look: (key, signal) =>
    call(request(`store.look ${key}`, 'STORE', signal, () => store.look(key, detached))),
  remove: (keys, signal) =>
    call(
      request(`store.remove ${keys[0] ?? ''}`, 'STORE', signal, () => store.remove(keys, detached)),
    ),
  purge: (prefix, signal) =>
    call(request(`store.purge ${prefix}`, 'STORE', signal, () => store.purge(prefix, detached))),
  list: async function* (prefix, signal, startAfter) {
    yield* await call(
      request(`store.list ${prefix}`, 'STORE', signal, async () => {
        const keys: string[] = []
        for await (const key of store.list(prefix, detached, startAfter)) keys.push(key)
        return keys
      }),
    )
  },
})

const stateOf = ({ openUntil, probe }: Breaker): string =>
  openUntil === undefined ? 'closed' : probe ? 'probed' : 'open'

const simulateLedger = (
  { ledger }: Grounds,
  { call }: Invocation,
  claimed: Set<string>,
): Ledger => ({
  read: (keys, signal) =>
    call(
      request(`ledger.read ${keys[0]?.kind} ×${keys.length}`, 'LEDGER', signal, () =>
        ledger.read(keys, detached),
      ),
    ),
  write: (item, expected, signal) => {
    // What the caller holds may change before a late apply; the request went out as it was.
    const sent = JSON.parse(JSON.stringify(item)) as typeof item
    if (item.kind === 'claim') claimed.add(item.id)
    const state =
      item.kind === 'batch' ? ` ${item.state}` : item.kind === 'breaker' ? ` ${stateOf(item)}` : ''
    const label = `ledger.write ${item.kind} ${item.id}${state} @${expected}`
    return call({
      ...request(label, 'LEDGER', signal, () => ledger.write(sent, expected, detached)),
      afterRetry: false,
    })
  },
  listOpen: (pipeline, now, limit, signal) =>
    call(
      request('ledger.listOpen', 'LEDGER', signal, () =>
        ledger.listOpen(pipeline, now, limit, detached),
      ),
    ),
})

const simulateClickHouse = (
  { clickHouse, decode, hold, isSplit }: Grounds,
  { call }: Invocation,
  store: Store,
): Target => ({
  name: 'clickhouse',
  has: (batch, chunk, signal) =>
    call(
      request(`clickhouse.has ${tokenOf(batch, chunk.n)}`, 'CLICKHOUSE', signal, async () => {
        const token = tokenOf(batch, chunk.n)
        const count = await clickHouse.ask((engine) => engine.count(chunk.table, token))
        return isSplit ? count >= chunk.rows : count > 0
      }),
    ),
  check: (signal) =>
    call(request('clickhouse.check', 'CLICKHOUSE', signal, () => clickHouse.ask(() => undefined))),
  put: async (batch, chunk, signal) => {
    const { key, sha256 } = blockOf(chunk)
    const rows = await hold(decode(await store.read(key, sha256, signal)))
    const token = tokenOf(batch, chunk.n)
    await call(
      request(`clickhouse.put ${token}`, 'CLICKHOUSE', signal, () =>
        clickHouse.insert(chunk.table, token, rows),
      ),
    )
  },
})

const simulateInspector = ({ clickHouse }: Grounds, { call }: Invocation): Inspector => {
  const inspectorOf = (engine: Engine): Inspector =>
    createMemoryInspector({ name: 'clickhouse', engine })
  return {
    name: 'clickhouse',
    inspect: (batch, chunks, signal, origin) =>
      call(
        request(`clickhouse.inspect ${batch}`, 'CLICKHOUSE', signal, () =>
          clickHouse.ask((engine) => inspectorOf(engine).inspect(batch, chunks, detached, origin)),
        ),
      ),
    listTokens: (table, from, limit, signal) =>
      call(
        request(`clickhouse.listTokens ${table}`, 'CLICKHOUSE', signal, () =>
          clickHouse.ask((engine) => inspectorOf(engine).listTokens(table, from, limit, detached)),
        ),
      ),
  }
}

const simulateMender = (
  { clickHouse, decode, hold }: Grounds,
  { call }: Invocation,
): Pick<Mender, 'fill'> => ({
  fill: async (_batch, { table }, { bytes, token }, signal) => {
    const rows = await hold(decode(bytes))
    await call(
      request(`clickhouse.fill ${token}`, 'CLICKHOUSE', signal, () =>
        clickHouse.insert(table, token, rows),
      ),
    )
  },
})
