import { createReconcile } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryLedger } from '../index.ts'
import { type Life, liveOn } from './ledger-life.ts'
import { compare, filledIn, sealedIn } from './ledger-verdict.ts'
import { createMortalProcess, type Fate } from './mortal-process.ts'

const restore = async ({ room, snapshot }: Life): Promise<void> => {
  const ledger = createMemoryLedger()
  for (const { item } of snapshot) await ledger.write(item, 0, room.call().signal)
  room.state.ledger = ledger
  room.state.onWrite = () => undefined
  room.state.refuse = () => undefined
}

/** In pieces, killed now and then, until it is complete; what a dry run foretold, and a second one changes nothing. */
const rebuild = async ({ room, random }: Life): Promise<void> => {
  const before = JSON.stringify(room.state.ledger.items())
  const planned = await room.rebuild({ dryRun: true })
  expect(JSON.stringify(room.state.ledger.items())).toBe(before)
  const isWhole = random.chance(0.5)
  for (let kills = isWhole ? 0 : random.below(4); kills > 0; kills -= 1) {
    const fate = random.pick<Fate>(['before', 'after'])
    await room.rebuild({}, createMortalProcess(1 + random.below(80), fate))
  }
  let position: string | undefined
  do {
    const options = position === undefined ? {} : { position }
    const result = await room.rebuild(options, undefined, isWhole ? 60_000 : -1)
    expect(result?.findings).toEqual([])
    if (isWhole) expect(result).toEqual({ ...planned, dryRun: false })
    position = result?.position
  } while (position !== undefined)
  const after = JSON.stringify(room.state.ledger.items())
  expect(await room.rebuild()).toMatchObject({ claims: 0, batches: { sealed: 0, undecided: 0 } })
  expect(JSON.stringify(room.state.ledger.items())).toBe(after)
}

const deliverAll = async ({ room }: Life, sources: Life['sent']): Promise<void> => {
  let left = [...sources]
  for (let round = 0; left.length > 0; round += 1) {
    expect(round).toBeLessThan(20)
    const ids = (await room.deliver(left)) ?? []
    left = left.filter((_, at) => ids.includes(`${at}`))
    await room.sweepAll()
  }
}

const expectExact = async (life: Life): Promise<void> => {
  const sealed = filledIn(life.room)
  expect(sealed, `life ${life.seed}`).toHaveLength(new Set(sealed).size)
  const { found, expected } = await compare(life)
  expect(found, `life ${life.seed}`).toEqual(expected)
}

const reconcile = ({ room }: Life) => {
  room.clock.advance(7_200_000)
  const deps = room.depsOf(createMortalProcess())
  const routes = [{ dataset: 'notes', prefix: '', suffixes: [] }]
  return createReconcile({ ...deps, routes, tables: ['notes'] })(
    { bucket: 'b', prefix: '', enqueue: false },
    room.call(),
  )
}

const trials = 300

describe('a ledger restored to any moment and rebuilt', () => {
  test.each(Array.from({ length: trials / 25 }, (_, n) => n * 25))(
    'has every row once, whatever is delivered again (lives %i and on)',
    async (first) => {
      for (let seed = first; seed < first + 25; seed += 1) {
        const life = await liveOn(seed)
        const sealed = sealedIn(life.room)
        await restore(life)
        await rebuild(life)
        expect(sealedIn(life.room), `life ${seed}`).toEqual(expect.arrayContaining([...sealed]))
        await life.room.sweepAll()
        await expectExact(life)
        for (const [key, body] of life.bodies) life.room.put(key, body)
        await deliverAll(life, [...life.open])
        await expectExact(life)
        await deliverAll(life, life.sent)
        await expectExact(life)
        const now = sealedIn(life.room)
        for (const { id, generation } of life.sent)
          expect(now.some((one) => one.startsWith(id) && Number(one.at(-1)) >= generation)).toBe(
            true,
          )
        expect((await reconcile(life)).findings).toEqual([])
      }
    },
    60_000,
  )
})
