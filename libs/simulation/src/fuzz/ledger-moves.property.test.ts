import type {
  Batch,
  BatchState,
  Claim,
  Ledger,
  LedgerItem,
  Source,
  Store,
  Target,
} from '@silversmith/core'
import { Fault } from '@silversmith/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRoom } from '../transform/transform-room.ts'
import { createGate, type Fate } from './worker-gate.ts'

/** Every move a batch may make. */
const moves: Readonly<Record<BatchState | 'none', readonly BatchState[]>> = {
  none: ['F'],
  F: ['S', 'A'],
  S: ['S', 'C'],
  A: [],
  C: [],
}

/** What the ledger was seen to hold; every write is judged against it. */
interface Model {
  readonly batches: Map<string, Batch>
  readonly claims: Map<string, Claim>
  readonly wrong: string[]
  readonly seen: Set<string>
}

const judgeBatch = ({ batches, wrong, seen }: Model, batch: Batch): void => {
  const before = batches.get(batch.id)
  const move = `${before?.state ?? 'none'} → ${batch.state}`
  seen.add(move)
  const must = (isSo: boolean, text: string): void =>
    void (isSo || wrong.push(`${batch.id} ${move}: ${text}`))
  must(moves[before?.state ?? 'none'].includes(batch.state), 'no such move')
  must((batch.manifest !== undefined) === (batch.state === 'S' || batch.state === 'C'), 'manifest')
  must((batch.end !== undefined) === (batch.state === 'A'), 'end')
  if (!before) return
  must(before.owner === batch.owner, 'another owner')
  must(!before.manifest || before.manifest.sha256 === batch.manifest?.sha256, 'another manifest')
  for (const [target, count] of Object.entries(before.done ?? {}))
    must((batch.done?.[target] ?? 0) >= count, `less of ${target} is done`)
}

const judgeClaim = ({ batches, claims, wrong }: Model, claim: Claim): void => {
  const before = claims.get(claim.id)
  const owner = before && before.batch !== claim.batch ? batches.get(before.batch) : undefined
  // A claim moves on only when its batch can no longer be sealed with it.
  if (owner && owner.state !== 'A' && owner.state !== 'C' && owner.state !== 'S')
    wrong.push(`claim ${claim.id} taken from ${owner.id}, which is ${owner.state}`)
  if (before && before.generation > claim.generation) wrong.push(`claim ${claim.id}: generation`)
}

const watchLedger = (ledger: Ledger, model: Model): Ledger => ({
  ...ledger,
  write: async (item: LedgerItem, expected, signal) => {
    const written = await ledger.write(item, expected, signal)
    if (!written) return false
    if (item.kind === 'batch') {
      judgeBatch(model, item)
      model.batches.set(item.id, item)
    } else if (item.kind === 'claim') {
      judgeClaim(model, item)
      model.claims.set(item.id, item)
    }
    return true
  },
})

const targets = ['silver', 'clickhouse'] as const
type TargetName = (typeof targets)[number]

const objects = ['a', 'b', 'c', 'd'].map((name) => [
  name,
  `{"id":"${name}1"}\nbad\n{"id":"${name}2"}`,
])
const minuteMs = 60_000

const createWorld = () => {
  const down = new Set<TargetName>()
  const model: Model = { batches: new Map(), claims: new Map(), wrong: [], seen: new Set() }
  const gate = createGate()
  const room = createRoom({
    ledger: (ledger) => {
      const watched = watchLedger(ledger, model)
      return {
        read: (...asked) => gate.through('LEDGER_UNAVAILABLE', () => watched.read(...asked)),
        write: (...asked) => gate.through('LEDGER_UNAVAILABLE', () => watched.write(...asked)),
        listOpen: (...asked) =>
          gate.through('LEDGER_UNAVAILABLE', () => watched.listOpen(...asked)),
      }
    },
    store: (store): Store => ({
      ...store,
      write: (...asked) => gate.through('STORE_UNAVAILABLE', () => store.write(...asked)),
      copy: (...asked) =>
        gate.through('STORE_UNAVAILABLE', async () => {
          if (down.has('silver')) throw new Fault('STORE_UNAVAILABLE', 'silver is away')
          return store.copy(...asked)
        }),
    }),
    clickhouse: (target): Target => ({
      ...target,
      put: (...asked) =>
        gate.through('TARGET_OUTCOME_UNKNOWN', async () => {
          if (down.has('clickhouse')) throw new Fault('TARGET_UNAVAILABLE', 'the server is away')
          return target.put(...asked)
        }),
    }),
  })
  const sources = objects.map(([key, body]) => room.put(`${key}.jsonl`, body ?? ''))
  const transform = (wanted: readonly Source[]) =>
    gate.start(() => room.transform(room.deliver(...wanted), room.call()))
  const applyQueued = () => {
    const bodies = room.queue.take().map((body) => JSON.parse(body) as { batch: string })
    const deliveries = bodies.map(({ batch }) => ({
      messageId: batch,
      message: { kind: 'batch', batch } as const,
    }))
    return gate.start(() => room.transform(deliveries, room.call()))
  }
  const sweep = () => gate.start(() => room.sweep(room.call()))
  return { down, model, gate, room, sources, transform, applyQueued, sweep }
}

type World = ReturnType<typeof createWorld>

const workersMax = 4
type Command = fc.AsyncCommand<object, World>

const command = (name: string, run: (world: World) => void | Promise<void>): Command => ({
  check: () => true,
  toString: () => name,
  run: async (_, world) => {
    await run(world)
    expect(world.model.wrong).toEqual([])
  },
})

const starting = (name: string, start: (world: World) => void): Command =>
  command(name, async (world) => {
    if (world.gate.alive().length >= workersMax) return
    start(world)
    await new Promise((resolve) => setImmediate(resolve))
  })

const fate = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Fate>('ok') },
  fc.constantFrom<Fate>('request-lost', 'answer-lost'),
)

const fates = fc.array(fate, { minLength: 1, maxLength: 14 })
/** Longer than a flow tries again. */
const outage = fc
  .tuple(fate, fc.integer({ min: 5, max: 16 }))
  .map(([one, times]) => Array.from({ length: times }, () => one))

const commands: fc.Arbitrary<Command>[] = [
  fc
    .subarray([0, 1, 2, 3], { minLength: 1 })
    .map((wanted) =>
      starting(
        `deliver ${wanted.join()}`,
        ({ transform, sources }) => void transform(wanted.map((at) => sources[at]!)),
      ),
    ),
  fc.constant(starting('sweep', ({ sweep }) => void sweep())),
  fc.constant(starting('apply', ({ applyQueued }) => void applyQueued())),
  fc
    .integer({ min: 1, max: 90 })
    .map((minutes) =>
      command(`wait ${minutes} min`, ({ room }) => room.clock.advance(minutes * minuteMs)),
    ),
  fc.nat(workersMax - 1).map((which) =>
    command(`kill ${which}`, ({ gate }) => {
      const workers = gate.alive()
      const worker = workers[which % Math.max(1, workers.length)]
      if (worker) worker.isDead = true
    }),
  ),
  ...[fates, fates, fates, outage].map((drawn) =>
    fc.tuple(fc.nat(workersMax - 1), drawn).map(([which, own]) =>
      command(`step ${which} ${own.join(' ')}`, async ({ gate }) => {
        const workers = gate.alive()
        const worker = workers[which % Math.max(1, workers.length)]
        for (const one of own) if (worker) await gate.step(worker, one)
      }),
    ),
  ),
]

const toggle = (name: TargetName): Command =>
  command(`${name} goes or comes`, ({ down }) => {
    if (!down.delete(name)) down.add(name)
  })
commands.push(fc.constantFrom(...targets).map(toggle))

const stepsMax = 2_000
const roundsMax = 60

/** Lets all that is alive run to its end; then everything is delivered and swept until nothing is open. */
const bringToRest = async (world: World): Promise<void> => {
  const { gate, room, model, sources } = world
  const drain = async (): Promise<void> => {
    for (let step = 0; step < stepsMax && gate.alive().length > 0; step += 1)
      for (const worker of gate.alive()) await gate.step(worker, 'ok')
    expect(gate.alive()).toEqual([])
  }
  world.down.clear()
  await drain()
  for (let round = 0; round < roundsMax; round += 1) {
    room.clock.advance(90 * minuteMs)
    world.sweep()
    await drain()
    world.applyQueued()
    await drain()
    world.transform(sources)
    await drain()
    const isOpen = [...model.batches.values()].some(({ state }) => state === 'F' || state === 'S')
    const isDone = sources.every(
      ({ id }) => model.batches.get(model.claims.get(id)?.batch ?? '')?.state === 'C',
    )
    if (!isOpen && isDone) return
  }
  expect.unreachable(`still open: ${JSON.stringify([...model.batches.values()])}`)
}

test('whatever interleaves, batches move F → S → C or F → A, no claim leaves a batch that may yet be sealed, and all arrives once', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: 'max' }), async (run) => {
      const world = createWorld()
      await fc.asyncModelRun(() => ({ model: {}, real: world }), run)
      await bringToRest(world)
      expect(world.model.wrong).toEqual([])
      const { room, model } = world
      const wanted = ['a', 'b', 'c', 'd'].flatMap((name) =>
        [0, 2].map((record, at) => `s3://b/${name}.jsonl#${record}=${name}${at + 1}`),
      )
      expect(room.names(await room.silver())).toEqual(wanted)
      expect(room.names(room.rows())).toEqual(wanted)
      expect(
        room
          .quarantined()
          .map(({ source, record }) => `${source}#${record}`)
          .toSorted(),
      ).toEqual(['a', 'b', 'c', 'd'].map((name) => `s3://b/${name}.jsonl#1`))
      for (const move of model.seen) seen.add(move)
    }),
    { numRuns: 100 },
  )
  // The runs were about something.
  expect([...seen].toSorted()).toEqual(['F → A', 'F → S', 'S → C', 'S → S', 'none → F'])
})
