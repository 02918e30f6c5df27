import { Fault } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { mapConcurrently, persist } from './patience.ts'

const createClock = () => {
  let nowMs = 0
  const sleeps: number[] = []
  return {
    sleeps,
    now: () => nowMs,
    sleep: async (ms: number) => {
      sleeps.push(ms)
      nowMs += ms
    },
  }
}

const call = (deadline = 60_000) => ({ deadline, signal: new AbortController().signal })

describe('patience', () => {
  test('repeats what passes by itself, waiting twice as long each time, five times in all', async () => {
    const clock = createClock()
    let tries = 0
    const failing = persist(clock, call(), async () => {
      tries += 1
      throw new Fault('STORE_UNAVAILABLE', 'busy')
    })
    await expect(failing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(tries).toBe(5)
    expect(clock.sleeps).toEqual([100, 200, 400, 800])
  })

  test.each([
    ['asks for a person', new Fault('STORE_DENIED', 'no')],
    ['says the time is over', new Fault('DEADLINE_REACHED', 'over')],
    ['is a bug', new TypeError('x')],
  ])('does not repeat what %s', async (_, error) => {
    const clock = createClock()
    await expect(persist(clock, call(), () => Promise.reject(error))).rejects.toBe(error)
    expect(clock.sleeps).toEqual([])
  })

  test('does not wait past the deadline', async () => {
    const clock = createClock()
    const busy = () => Promise.reject(new Fault('LEDGER_UNAVAILABLE', 'busy'))
    await expect(persist(clock, call(250), busy)).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
    })
    expect(clock.sleeps).toEqual([100])
  })
})

describe('work on many items', () => {
  test('keeps to its concurrency and to the order of the items', async () => {
    let open = 0
    let most = 0
    const results = await mapConcurrently([3, 1, 2, 5, 4], 2, async (item) => {
      most = Math.max(most, (open += 1))
      for (let beat = 0; beat < item; beat += 1) await Promise.resolve()
      open -= 1
      return item * 10
    })
    expect(results).toEqual([30, 10, 20, 50, 40])
    expect(most).toBe(2)
  })

  test('begins nothing more after a failure, and waits for what was begun before it throws', async () => {
    const begun: number[] = []
    const ended: number[] = []
    const work = mapConcurrently([0, 1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item)
      if (item === 0) throw new Error('first')
      for (let beat = 0; beat < 20; beat += 1) await Promise.resolve()
      ended.push(item)
    })
    await expect(work).rejects.toThrow('first')
    expect(begun).toEqual([0, 1])
    expect(ended).toEqual([1])
  })
})
