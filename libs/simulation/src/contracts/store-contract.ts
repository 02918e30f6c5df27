import { randomUUID } from 'node:crypto'
import type { FileFacts, Store } from '@silversmith/core'
import { Fault } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { sha256Of } from '../memory/memory-store.ts'

export interface StoreRoom {
  readonly store: Store
  close?(): Promise<void>
}

const idle = (): AbortSignal => new AbortController().signal
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const factsOf = (bytes: Uint8Array): FileFacts => ({
  sha256: sha256Of(bytes),
  contentType: 'application/octet-stream',
})
const listedKeysCount = 1_005

export const expectFault = async (work: Promise<unknown>, code: string): Promise<void> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Fault)
  expect((error as Fault).code).toBe(code)
}

/** `make` may hand out one bucket again and again: each test keeps below a prefix of its own. */
export const describeStore = (name: string, make: () => Promise<StoreRoom>): void => {
  describe(`store contract: ${name}`, () => {
    const inRoom: InRoom = (title, body, timeoutMs) =>
      test(
        title,
        async () => {
          const room = await make()
          try {
            await body(room.store, `contract/${randomUUID()}/`)
          } finally {
            await room.close?.()
          }
        },
        timeoutMs,
      )
    describeWriting(inRoom)
    describeCopying(inRoom)
    describeListing(inRoom)
  })
}

type InRoom = (
  title: string,
  body: (store: Store, prefix: string) => Promise<void>,
  timeoutMs?: number,
) => void

const keysUnder = async (
  store: Store,
  prefix: string,
  startAfter?: string,
): Promise<readonly string[]> => {
  const keys: string[] = []
  for await (const key of store.list(prefix, idle(), startAfter)) keys.push(key)
  return keys
}

const describeWriting = (inRoom: InRoom): void => {
  inRoom('a file reads back as written', async (store, prefix) => {
    for (const key of ['plain', 'dt=2026-01-01/a b+c%.parquet', 'ø/漢字'])
      for (const bytes of [text(`bytes of ${key}`)]) {
        await store.write(prefix + key, bytes, factsOf(bytes), idle())
        expect(await store.read(prefix + key, sha256Of(bytes), idle())).toEqual(bytes)
      }
  })

  inRoom('an empty file is a file', async (store, prefix) => {
    await store.write(`${prefix}empty`, text(''), factsOf(text('')), idle())
    expect(await store.read(`${prefix}empty`, sha256Of(text('')), idle())).toEqual(text(''))
  })

  inRoom(
    'a look tells size and sha256 of a file, and of an absent one nothing',
    async (store, prefix) => {
      const bytes = text('four')
      expect(await store.look(`${prefix}a b+c%`, idle())).toBeUndefined()
      await store.write(`${prefix}a b+c%`, bytes, factsOf(bytes), idle())
      const known = { sha256: sha256Of(bytes), sizeBytes: 4 }
      expect(await store.look(`${prefix}a b+c%`, idle())).toEqual(known)
      await store.copy(`${prefix}a b+c%`, `${prefix}copy`, factsOf(bytes), idle())
      expect(await store.look(`${prefix}copy`, idle())).toEqual(known)
      await store.remove([`${prefix}copy`], idle())
      expect(await store.look(`${prefix}copy`, idle())).toBeUndefined()
    },
  )

  inRoom('writing the same bytes again succeeds', async (store, prefix) => {
    await store.write(`${prefix}a`, text('one'), factsOf(text('one')), idle())
    await store.write(`${prefix}a`, text('one'), factsOf(text('one')), idle())
    expect(await keysUnder(store, prefix)).toEqual([`${prefix}a`])
  })

  inRoom('writing other bytes is a conflict and changes nothing', async (store, prefix) => {
    await store.write(`${prefix}a`, text('one'), factsOf(text('one')), idle())
    await expectFault(
      store.write(`${prefix}a`, text('two'), factsOf(text('two')), idle()),
      'STORE_CONFLICT',
    )
    expect(await store.read(`${prefix}a`, sha256Of(text('one')), idle())).toEqual(text('one'))
  })

  inRoom('of ten racers with other bytes exactly one creates the file', async (store, prefix) => {
    const bodies = Array.from({ length: 10 }, (_, i) => text(`racer ${i}`))
    const outcomes = await Promise.allSettled(
      bodies.map((bytes) => store.write(`${prefix}race`, bytes, factsOf(bytes), idle())),
    )
    const winners = bodies.filter((_, i) => outcomes[i]?.status === 'fulfilled')
    expect(winners).toHaveLength(1)
    const winner = winners[0] ?? text('')
    expect(await store.read(`${prefix}race`, sha256Of(winner), idle())).toEqual(winner)
  })

  inRoom('reading an absent file says gone', async (store, prefix) => {
    await expectFault(store.read(`${prefix}none`, sha256Of(text('')), idle()), 'OBJECT_GONE')
  })

  inRoom('reading with another sha256 refuses the bytes', async (store, prefix) => {
    await store.write(`${prefix}a`, text('one'), factsOf(text('one')), idle())
    await expectFault(store.read(`${prefix}a`, sha256Of(text('two')), idle()), 'OBJECT_UNREADABLE')
    expect(await store.read(`${prefix}a`, undefined, idle())).toEqual(text('one'))
    await expectFault(store.read(`${prefix}none`, undefined, idle()), 'OBJECT_GONE')
  })
}

const describeCopying = (inRoom: InRoom): void => {
  inRoom('a copy has the bytes; copying again succeeds', async (store, prefix) => {
    const file = factsOf(text('one'))
    await store.write(`${prefix}from a+b`, text('one'), file, idle())
    await store.copy(`${prefix}from a+b`, `${prefix}to`, file, idle())
    await store.copy(`${prefix}from a+b`, `${prefix}to`, file, idle())
    expect(await store.read(`${prefix}to`, file.sha256, idle())).toEqual(text('one'))
    await store.remove([`${prefix}from a+b`], idle())
    expect(await store.read(`${prefix}to`, file.sha256, idle())).toEqual(text('one'))
  })

  inRoom('a copy over other bytes is a conflict', async (store, prefix) => {
    await store.write(`${prefix}from`, text('one'), factsOf(text('one')), idle())
    await store.write(`${prefix}to`, text('two'), factsOf(text('two')), idle())
    await expectFault(
      store.copy(`${prefix}from`, `${prefix}to`, factsOf(text('one')), idle()),
      'STORE_CONFLICT',
    )
    expect(await store.read(`${prefix}to`, sha256Of(text('two')), idle())).toEqual(text('two'))
  })

  inRoom('a copy of an absent file says gone', async (store, prefix) => {
    await expectFault(
      store.copy(`${prefix}none`, `${prefix}to`, factsOf(text('one')), idle()),
      'OBJECT_GONE',
    )
  })
}

const describeListing = (inRoom: InRoom): void => {
  inRoom('removed files are gone and absent ones are no error', async (store, prefix) => {
    await store.write(`${prefix}a`, text('one'), factsOf(text('one')), idle())
    await store.remove([`${prefix}a`, `${prefix}never there`], idle())
    await store.remove([], idle())
    await expectFault(store.read(`${prefix}a`, sha256Of(text('one')), idle()), 'OBJECT_GONE')
  })

  inRoom('what begins so is purged, and nothing else', async (store, prefix) => {
    for (const key of ['a/1', 'a/2', 'a', 'b'])
      await store.write(prefix + key, text(key), factsOf(text(key)), idle())
    await store.purge(`${prefix}a/`, idle())
    expect(await keysUnder(store, prefix)).toEqual([`${prefix}a`, `${prefix}b`])
    await store.purge(`${prefix}none`, idle())
    await store.purge(`${prefix}a`, idle())
    await store.write(`${prefix}a`, text('other'), factsOf(text('other')), idle())
    expect(await keysUnder(store, prefix)).toEqual([`${prefix}a`, `${prefix}b`])
  })

  inRoom('a list keeps to its prefix, in key order', async (store, prefix) => {
    for (const key of ['b/2', 'a/1', 'b/10', 'b', 'ba', 'b/ä'])
      await store.write(prefix + key, text(key), factsOf(text(key)), idle())
    expect(await keysUnder(store, `${prefix}b/`)).toEqual(
      ['b/10', 'b/2', 'b/ä'].map((key) => prefix + key),
    )
    expect(await keysUnder(store, `${prefix}none/`)).toEqual([])
  })

  inRoom('a list begins after a key, be it there or not', async (store, prefix) => {
    for (const key of ['a/1', 'b/10', 'b/2', 'b/ä', 'c'])
      await store.write(prefix + key, text(key), factsOf(text(key)), idle())
    const after = async (key: string) =>
      (await keysUnder(store, `${prefix}b/`, prefix + key)).map((one) => one.slice(prefix.length))
    expect(await after('b/10')).toEqual(['b/2', 'b/ä'])
    expect(await after('b/1')).toEqual(['b/10', 'b/2', 'b/ä'])
    expect(await after('a/1')).toEqual(['b/10', 'b/2', 'b/ä'])
    expect(await after('b/zz + %')).toEqual(['b/ä'])
    expect(await after('b/ä')).toEqual([])
    expect(await after('c')).toEqual([])
  })

  inRoom(
    `${listedKeysCount} keys are listed whole, in order, and removed in one call`,
    async (store, prefix) => {
      const keys = Array.from({ length: listedKeysCount }, (_, i) => `${prefix}${i}`)
      for (let at = 0; at < keys.length; at += 50)
        await Promise.all(
          keys
            .slice(at, at + 50)
            .map((key) => store.write(key, text('x'), factsOf(text('x')), idle())),
        )
      expect(await keysUnder(store, prefix)).toEqual([...keys].sort())
      const [first, second = ''] = [...keys].sort()
      expect(await keysUnder(store, prefix, first)).toEqual([...keys].sort().slice(1))
      expect(await keysUnder(store, prefix, second)).toEqual([...keys].sort().slice(2))
      await store.remove(keys, idle())
      expect(await keysUnder(store, prefix)).toEqual([])
    },
    120_000,
  )
}
