import type { Job } from '@silversmith/core'
import { endMap, readJob, sendShare, startJob, withShares } from '@silversmith/flow'
import { createBulkRoom, linesOf } from '@silversmith/simulation'
import { expect, it } from 'vitest'
import { describeJob } from './backfill-text.ts'

/** A mapped job of two shares, of which one was sent. */
const begin = async () => {
  const memory = createBulkRoom()
  for (const name of ['a', 'b', 'c']) memory.put(`${name}.jsonl`, linesOf(name))
  const request = memory.request({ map: { execution: 'e' } })
  await startJob(memory.deps, { id: 'job', request }, memory.call())
  const { objects } = await memory.bronze.list('b', '', undefined, memory.call().signal)
  await sendShare(memory.deps, 'job', objects.slice(0, 2), memory.call())
  const tell = async (): Promise<string> => {
    const job: Job = await readJob(memory.deps, 'job', memory.call())
    return describeJob(await withShares(memory.deps, job, memory.call())).join('\n')
  }
  return { memory, tell }
}

it('tells what a map has sent while it runs', async () => {
  const { memory, tell } = await begin()
  expect(await tell()).toContain('2 objects inside the window')
  expect(await tell()).toContain('sent 2')
  await endMap(memory.deps, 'job', 0, memory.call())
  expect(await tell()).toContain('sent 2')
})

it('does not say that resume mends what a map left: it is refused', async () => {
  const { memory, tell } = await begin()
  await endMap(memory.deps, 'job', 1, memory.call())
  const text = await tell()
  expect(text).toContain('1 batches of the map failed')
  expect(text).toContain('begin another job of the same window')
  expect(text).not.toMatch(/resume|could not be listed/)
})
