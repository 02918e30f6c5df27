import { expect, it } from 'vitest'
import { createProblemTeller } from './problem-teller.ts'

const batches = ['01JD00000000000000000000A1', '01JD00000000000000000000A2']

const line = (level: string, batch: string, message = 'apply-failed', code = 'TARGET_DENIED') =>
  JSON.stringify({
    level,
    message,
    event: { batch, target: 'clickhouse', code, message: `batch ${batch}: no` },
  })

it('tells an error of a function once a minute, whichever batch it is about', () => {
  const told: string[] = []
  let now = 0
  const read = createProblemTeller(
    (text) => told.push(text),
    () => now,
  )
  read('transform', 'START RequestId: 1')
  read('transform', '{"level":"INFO","message":"started"}')
  read('transform', '{"level":')
  for (const batch of batches) read('transform', line('ERROR', batch))
  expect(told).toEqual([
    `transform: apply-failed: clickhouse: TARGET_DENIED: batch ${batches[0]}: no`,
  ])
  read('transform', line('ERROR', batches[0] ?? '', 'work-failed'))
  expect(told.length).toBe(2)
  now = 60_000
  read('transform', line('ERROR', batches[1] ?? ''))
  expect(told.length).toBe(3)
})

it('tells what passes by itself only when it does not', () => {
  const told: string[] = []
  const read = createProblemTeller(
    (text) => told.push(text),
    () => 0,
  )
  const failed = line('ERROR', batches[0] ?? '', 'work-failed', 'LEDGER_UNAVAILABLE')
  for (let time = 1; time < 10; time++) read('ingest', failed)
  expect(told).toEqual([])
  read('ingest', failed)
  expect(told).toEqual([expect.stringContaining('LEDGER_UNAVAILABLE')])
})
