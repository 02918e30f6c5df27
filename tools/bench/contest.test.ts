import { expect, test } from 'vitest'
import { compare, holdContest } from './contest.ts'
import type { Spent } from './contestant.ts'

const round = (figures: Record<string, number>): ReadonlyMap<string, Spent> =>
  new Map(Object.entries(figures).map(([name, cpuSeconds]) => [name, { cpuSeconds, peakMiB: 100 }]))

test('a ratio is of two figures of one round, so that a slow hour hurts both', () => {
  const rounds = [
    round({ ours: 1, other: 2 }),
    round({ ours: 10, other: 20 }),
    round({ ours: 3, other: 4 }),
  ]
  expect(compare(rounds, 'ours', 6e6)).toEqual({
    ours: { cpuSeconds: 3, peakMiB: 100, mbPerCpuSecond: 2 },
    peers: { other: { cpuSeconds: 4, peakMiB: 100, ratio: 0.5 } },
  })
})

test('a contestant without a figure in every round has none', () => {
  const rounds = [round({ ours: 1, other: 2 }), round({ ours: 1 })]
  expect(() => compare(rounds, 'ours', 1)).toThrow('other missed a round')
})

test('everybody runs once a round, every second round backwards, and is checked once', async () => {
  const ran: string[] = []
  const checked: string[] = []
  const contestant = (name: string) => ({
    ...{ name, title: name },
    run: async () => {
      ran.push(name)
      return { cpuSeconds: 1, peakMiB: 1 }
    },
  })
  await holdContest({
    ...{ ours: contestant('ours'), peers: [contestant('a'), contestant('b')] },
    ...{ bytes: 1, rounds: 3, onRun: () => undefined },
    check: async ({ name }) => void checked.push(name),
  })
  expect(ran).toEqual(['ours', 'a', 'b', 'b', 'a', 'ours', 'ours', 'a', 'b'])
  expect(checked).toEqual(['ours', 'a', 'b'])
})
