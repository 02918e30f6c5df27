import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { clockUntil, untilInterrupted } from './interruption.ts'

it('stops the work at the first Ctrl-C, and leaves the second to the process', async () => {
  const where = new EventEmitter()
  const stopped = await untilInterrupted(where, async (signal) => {
    where.emit('SIGINT')
    expect(where.listenerCount('SIGINT') + where.listenerCount('SIGTERM')).toBe(0)
    return signal.aborted
  })
  expect(stopped).toBe(true)
})

it('listens no longer than the work lasts, however it ends', async () => {
  const where = new EventEmitter()
  const failing = untilInterrupted(where, () => Promise.reject(new Error('no')))
  expect(where.listenerCount('SIGINT')).toBe(1)
  await expect(failing).rejects.toThrow('no')
  expect(where.listenerCount('SIGINT') + where.listenerCount('SIGTERM')).toBe(0)
})

it('sleeps no longer than until Ctrl-C', async () => {
  const ending = new AbortController()
  const sleeping = clockUntil(ending.signal).sleep(2_000_000_000)
  ending.abort()
  await sleeping
  await clockUntil(ending.signal).sleep(2_000_000_000)
})
