import type { Source } from '@silversmith/core'
import { expect, test } from 'vitest'
import { createRandom } from '../index.ts'
import { createMortalProcess, type MortalProcess } from '../repair/mortal-process.ts'
import { createRebuildRoom, tickMs } from './rebuild-room.ts'

/** Too few in a row to condemn a source as poison. */
const crashesMax = 8
const callsMax = 120
const generationMax = 2
const stepsOfLife = 24
const dayMs = 86_400_000

/** Days of two months, in an order of their own: chunks of one day and of several. */
const dayOffsets = [0, 1, 1, 2, 17, 40, 41] as const

/**
 * Uploads, reloads, deliveries and sweeps, with a ClickHouse that is emptied at any moment and filled out of silver beside them, processes
 * dying at any call; then all is brought to rest.
 */
const live = async (seed: number) => {
  const random = createRandom(seed)
  const room = createRebuildRoom(seed)
  const sources: Source[] = []
  const messages = new Set<Source>()
  const open = new Set<string>()
  let crashes = 0
  let truncates = 0
  let filled = 0

  const process = (): MortalProcess => {
    if (crashes >= crashesMax || !random.chance(0.3)) return createMortalProcess()
    crashes += 1
    return createMortalProcess(1 + random.below(callsMax), random.pick(['before', 'after']))
  }
  const deliver = async (chosen: readonly Source[], own = process()): Promise<void> => {
    const left = await room.deliver(chosen, own)
    if (!left) return
    chosen.filter((_, at) => !left.includes(`${at}`)).forEach((one) => messages.delete(one))
  }
  const apply = async (own = process()): Promise<void> => {
    for (const batch of open) if ((await room.apply(batch, own))?.length === 0) open.delete(batch)
  }
  const upload = (): void => {
    const lines = Array.from({ length: 1 + random.below(9) }, (_, n) => {
      const at = Date.UTC(2026, 0, 1) + random.pick(dayOffsets) * dayMs
      return `{"id":"${sources.length}-${n}","at":${at}}`
    })
    const source = room.put(`${sources.length}.jsonl`, lines.join('\n'))
    sources.push(source)
    messages.add(source)
  }
  const reload = (): void => {
    const at = random.below(Math.max(1, sources.length))
    const source = sources[at]
    if (!source || source.generation >= generationMax) return
    sources[at] = { ...source, generation: source.generation + 1 }
    messages.add(sources[at])
  }
  const sweep = async (own = process()): Promise<void> => {
    for (const batch of (await room.sweep(own)) ?? []) open.add(batch)
  }
  const truncate = async (): Promise<void> => {
    for (let wait = random.below(400); wait > 0; wait -= 1) await Promise.resolve()
    room.truncate()
    truncates += 1
  }
  /** True: all is done. */
  const fill = async (own = process()): Promise<boolean> => {
    // Some end by their deadline, before anything or on their way.
    const report = await room.fill({}, own, random.pick([-1, 3, 3, 2, 1, 60_000]) * tickMs)
    filled += report?.counts.chunksFilled ?? 0
    expect(report?.findings ?? []).toEqual([])
    return report !== undefined && report.next === undefined
  }
  const some = () => deliver([...messages].filter(() => random.chance(0.6)))
  const steps = [
    ...[upload, upload, upload, reload, some, some, apply, sweep, fill, fill],
    () => Promise.all([some(), truncate()]),
    () => Promise.all([some(), fill(), apply()]),
    () => Promise.all([fill(), fill(), some()]),
    () => room.clock.advance(random.below(900_000)),
  ]
  for (let step = 0; step < stepsOfLife; step += 1) await random.pick(steps)()
  if (random.chance(0.7)) await Promise.all([some(), apply(), truncate()])
  crashes = Math.max(crashes, crashesMax - 2)
  // Beside live traffic, until it says that it is done. Nothing is filled after that.
  for (let round = 0, isDone = false; !isDone; round += 1) {
    expect(round).toBeLessThan(300)
    isDone = (await Promise.all([fill(), random.chance(0.3) && some()]))[0]
    if (!random.chance(0.2)) continue
    room.clock.advance(3_700_000)
    await sweep()
    await apply()
  }
  crashes = crashesMax
  for (let round = 0; round < 8; round += 1) {
    room.clock.advance(3_700_000)
    await deliver([...messages])
    await sweep()
    await apply()
  }
  expect([messages.size, open.size]).toEqual([0, 0])
  return { room, sources, truncates, filled }
}

test('a table that is filled out of silver beside live traffic has every row once, whatever dies', async () => {
  const sums = { truncates: 0, filled: 0 }
  for (let seed = 1; seed <= Number(process.env['LIVES'] ?? 60); seed += 1) {
    const { room, sources, truncates, filled } = await live(seed)
    sums.truncates += truncates
    sums.filled += filled
    const rows = room.rows()
    expect({ seed, rows }).toEqual({ seed, rows: await room.files() })
    expect({ seed, distinct: new Set(rows).size }).toEqual({ seed, distinct: rows.length })
    for (const { object, generation } of sources)
      expect(
        rows.some((row) => row.includes(`/${object.key} `) && row.includes(` g${generation} `)),
      ).toBe(true)
  }
  // Else it says nothing.
  expect(sums.truncates).toBeGreaterThan(10)
  expect(sums.filled).toBeGreaterThan(100)
}, 1_200_000)
