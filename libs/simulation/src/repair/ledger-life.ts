import { type Batch, Fault, type Source, type Versioned } from '@silversmith/core'
import { manifestPrefix } from '@silversmith/flow'
import { createRandom, type Random } from '../index.ts'
import { createMortalProcess, type DeathPlace, type MortalProcess } from './mortal-process.ts'
import { createRepairRoom, type RepairRoom } from './repair-room.ts'

/** Too few to condemn a source as poison: that takes four in a row. */
const crashesMax = 3
const callsMax = 60
const generationMax = 2

/** What happened until the ledger was restored. */
export interface Life {
  readonly seed: number
  readonly room: RepairRoom
  readonly random: Random
  /** Key → content; an object has one version in its life, but is not there all the time. */
  readonly bodies: ReadonlyMap<string, string>
  /** Every message that was sent. */
  readonly sent: readonly Source[]
  /** Those that nobody has acknowledged yet. */
  readonly open: Set<Source>
  /** The ledger at some moment before the end. */
  readonly snapshot: readonly Versioned[]
}

/** Lets transform and sweep live for a while, dying now and then. */
export const liveOn = async (seed: number): Promise<Life> => {
  const random = createRandom(seed)
  const room = createRepairRoom(seed)
  const bodies = new Map<string, string>()
  const sent: Source[] = []
  const open = new Set<Source>()
  let crashes = 0
  let writes = 0
  let snapshot: readonly Versioned[] = []
  const snapshotAt = 1 + random.below(100)
  room.state.onWrite = () => {
    if ((writes += 1) === snapshotAt) snapshot = room.state.ledger.items()
  }
  const process = (): MortalProcess => {
    if (crashes >= crashesMax || !random.chance(0.4)) return createMortalProcess()
    crashes += 1
    const place = random.chance(0.4) ? 1 + random.below(callsMax) : random.pick(turningPoints)
    return createMortalProcess(place, random.pick(['before', 'after']))
  }
  const send = (source: Source): void => {
    sent.push(source)
    open.add(source)
  }
  const upload = (): void => {
    const key = `${bodies.size}.jsonl`
    bodies.set(key, drawBody(random))
    send(room.put(key, bodies.get(key)!))
  }
  const reload = (): void => {
    if (sent.length === 0) return
    const source = random.pick(sent)
    if (source.generation < generationMax) send({ ...source, generation: source.generation + 1 })
  }
  const remove = (): void => {
    if (sent.length > 0) room.bronze.deleteObject('b', random.pick(sent).object.key)
  }
  const putBack = (): void => {
    if (sent.length === 0) return
    const { key } = random.pick(sent).object
    send(room.put(key, bodies.get(key)!))
  }
  const deliver = async (): Promise<void> => {
    const chosen = [...open].filter(() => random.chance(0.5)).slice(0, 4)
    if (sent.length > 0 && random.chance(0.3)) chosen.push(random.pick(sent))
    const left = await room.deliver(chosen, process())
    if (left) chosen.filter((_, at) => !left.includes(`${at}`)).forEach((one) => open.delete(one))
  }
  const sweep = async (): Promise<void> => {
    for (const batch of (await room.sweep(process())) ?? [])
      if (random.chance(0.7)) await room.apply(batch, process())
  }
  const change = (): void => {
    const isDown = random.chance(0.5)
    room.state.refuse = () =>
      isDown && random.chance(0.7) ? new Fault('TARGET_UNAVAILABLE', 'down') : undefined
  }
  const wait = (): void => room.clock.advance(random.below(900_000))
  const steps = [upload, upload, reload, remove, putBack, change, wait, wait]
  for (let count = 20 + random.below(30); count > 0; count -= 1)
    await random.pick([...steps, deliver, deliver, deliver, deliver, sweep, sweep])()
  return { seed, room, random, bodies, sent, open, snapshot }
}

/** The manifest is written, the batch is sealed: what a rebuild finds depends on which of them still happened. */
const turningPoints: readonly DeathPlace[] = [
  (method, [key]) => method === 'write' && String(key).startsWith(manifestPrefix),
  (method, [item]) => method === 'write' && (item as Partial<Batch>).state === 'S',
]

/** Lines of two months and a few days, some rejected, some discarded; now and then none. */
const drawBody = (random: Random): string =>
  Array.from({ length: random.below(7) }, (_, n) => {
    if (random.chance(0.1)) return 'oops'
    if (random.chance(0.1)) return '{"id":"skip"}'
    return `{"id":"${n}","at":${Date.UTC(2026, random.below(2), 1 + random.below(3))}}`
  }).join('\n')
