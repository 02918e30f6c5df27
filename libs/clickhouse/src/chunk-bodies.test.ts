import type { Payload } from '@silversmith/core'
import { expect, test } from 'vitest'
import { createChunkBodies } from './chunk-bodies.ts'

const { signal } = new AbortController()
const payloadOf = (key: string, sizeBytes = 1): Payload => ({
  key,
  sha256: `hash of ${key}`,
  sizeBytes,
  rows: 1,
})

/** A store whose answers come when the test says so. */
const startStore = () => {
  const asked: string[] = []
  const answers = new Map<string, (outcome: Uint8Array | Error) => void>()
  return {
    asked,
    answer: (key: string, outcome: Uint8Array | Error) => answers.get(key)?.(outcome),
    read: (key: string, sha256: string | undefined) => {
      asked.push(`${key}, ${sha256}`)
      return new Promise<Uint8Array>((resolve, reject) =>
        answers.set(key, (outcome) =>
          outcome instanceof Error ? reject(outcome) : resolve(outcome),
        ),
      )
    },
  }
}

test('what was fetched ahead is not fetched again, and is handed out once', async () => {
  const store = startStore()
  const bodies = createChunkBodies(store)
  bodies.fetchAhead(payloadOf('a'), signal)
  bodies.fetchAhead(payloadOf('a'), signal)
  const read = bodies.read(payloadOf('a'), signal)
  store.answer('a', Buffer.from('A'))
  expect(await read).toEqual(Buffer.from('A'))
  expect(store.asked).toEqual(['a, hash of a'])
  const again = bodies.read(payloadOf('a'), signal)
  store.answer('a', Buffer.from('A'))
  await again
  expect(store.asked).toHaveLength(2)
})

test('what could not be fetched ahead is fetched when it is needed, and fails only then', async () => {
  const store = startStore()
  const bodies = createChunkBodies(store)
  bodies.fetchAhead(payloadOf('a'), signal)
  store.answer('a', new Error('out of reach'))
  const read = bodies.read(payloadOf('a'), signal)
  await expect.poll(() => store.asked.length).toBe(2)
  store.answer('a', new Error('gone'))
  await expect(read).rejects.toThrow('gone')
})

test('two are held at most', async () => {
  const store = startStore()
  const bodies = createChunkBodies(store)
  for (const key of ['a', 'b', 'c']) {
    bodies.fetchAhead(payloadOf(key), signal)
    store.answer(key, Buffer.from(key))
  }
  expect(await bodies.read(payloadOf('c'), signal)).toEqual(Buffer.from('c'))
  expect(await bodies.read(payloadOf('b'), signal)).toEqual(Buffer.from('b'))
  const read = bodies.read(payloadOf('a'), signal)
  store.answer('a', Buffer.from('again'))
  expect(await read).toEqual(Buffer.from('again'))
})

test('what is large is fetched only when it is needed', () => {
  const store = startStore()
  const bodies = createChunkBodies(store)
  bodies.fetchAhead(payloadOf('large', 16 * 1024 * 1024 + 1), signal)
  bodies.fetchAhead(payloadOf('small', 16 * 1024 * 1024), signal)
  expect(store.asked).toEqual(['small, hash of small'])
})
