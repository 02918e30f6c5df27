import type { Bronze, ObjectFacts, Replicator } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import type { BucketState, PutOptions } from '../memory/memory-bronze.ts'
import { refOf } from '../memory/object-ref.ts'
import { bytesOf } from './bronze-contract.ts'
import { expectFault } from './store-contract.ts'

/** A bucket the suite may arrange, and the ports that copy within it and read it. */
export interface ReplicatorRoom {
  readonly replicator: Replicator
  readonly bronze: Bronze
  readonly bucket: string
  /** Resolves with what the store's answer told. */
  putObject(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectFacts>
  deleteObject(key: string): Promise<void>
  /** More than it copies in one request, and more than two of its parts; absent: it knows none. */
  readonly largeBytes?: number
  close?(): Promise<void>
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const idle = (): AbortSignal => new AbortController().signal
const bucketStates: readonly BucketState[] = ['unversioned', 'versioned', 'suspended']
const longest = `${'漢'.repeat(330)}/${'é'.repeat(14)}ab`
const oddKeys = [
  'a b+c%2B.jsonl',
  'ä/ø/漢字.jsonl',
  "quote'&<>",
  'dt=2026-01-01/x=1.jsonl',
  longest,
]

export interface ReplicatorSuite {
  /** Those the store knows; all when absent. */
  readonly states?: readonly BucketState[]
  /** False: the store copies over what is there, whatever was asked. */
  readonly isConditional?: boolean
}

/** `make` opens a bucket in the state asked. */
export const describeReplicator = (
  name: string,
  make: (state: BucketState) => Promise<ReplicatorRoom>,
  { states = bucketStates, isConditional = true }: ReplicatorSuite = {},
): void => {
  for (const state of states)
    describe(`replicator contract: ${name}, ${state} bucket`, () => {
      const inRoom = (title: string, body: (room: ReplicatorRoom) => Promise<void>): void =>
        test(title, async () => {
          const room = await make(state)
          try {
            await body(room)
          } finally {
            await room.close?.()
          }
        })
      describeCopies(inRoom)
      describeRefusals(inRoom, state)
      describeMarks(inRoom)
      if (isConditional) describeConditions(inRoom)
    })
}

type InRoom = (title: string, body: (room: ReplicatorRoom) => Promise<void>) => void

const describeCopies = (inRoom: InRoom): void => {
  inRoom('003-14: a copy says what it is of, whatever the key', async (room) => {
    const { replicator, bronze, bucket, putObject } = room
    for (const [n, own] of oddKeys.entries()) {
      const types = { contentType: 'text/x-own', contentEncoding: 'gzip' }
      const origin = refOf(await putObject(own, text(`body of ${own}`), types))
      const key = `_replay/r/${n}`
      expect(await replicator.copy(origin, { key, generation: 7 * n }, idle())).toBe(true)
      const { object, mark, sizeBytes } = await replicator.look({ bucket, key }, idle())
      const { lastModified, ...read } = await bronze.open(origin, idle())
      await bytesOf(read)
      expect(mark).toEqual({ origin, lastModified, generation: 7 * n })
      expect(object).toEqual(expect.objectContaining({ bucket, key }))
      const opened = await bronze.open(object, idle())
      expect(opened).toMatchObject({ ...types, sizeBytes })
      expect(await bytesOf(opened)).toEqual(text(`body of ${own}`))
      const asked = { bucket, key, ...facts(object) }
      expect((await replicator.look(asked, idle())).mark?.origin).toEqual(origin)
    }
  })

  inRoom('003-14: an object over the limit of one request is copied in parts', async (room) => {
    const { replicator, bronze, bucket, putObject, largeBytes = 300_000 } = room
    const bytes = Uint8Array.from({ length: largeBytes }, (_, i) => (i * 31 + (i >> 8)) & 0xff)
    const origin = refOf(await putObject('large.jsonl', bytes, { contentEncoding: 'identity' }))
    const order = { key: '_replay/r/large.jsonl', generation: 0 }
    expect(await replicator.copy(origin, order, idle())).toBe(true)
    expect(await replicator.copy(origin, order, idle())).toBe(false)
    const { object, mark } = await replicator.look({ bucket, key: order.key }, idle())
    expect(mark?.origin).toEqual(origin)
    const opened = await bronze.open(object, idle())
    expect(opened.contentEncoding).toBe('identity')
    expect(Buffer.from(await bytesOf(opened)).equals(Buffer.from(bytes))).toBe(true)
  })

  inRoom('an object without bytes has a copy without bytes', async (room) => {
    const { replicator, bucket, putObject } = room
    const origin = refOf(await putObject('empty', text('')))
    expect(await replicator.copy(origin, { key: '_replay/e', generation: 0 }, idle())).toBe(true)
    const { sizeBytes } = await replicator.look({ bucket, key: '_replay/e' }, idle())
    expect(sizeBytes).toBe(0)
  })
}

const facts = ({ version, versioned }: { version: string; versioned: boolean }) =>
  versioned ? { versionId: version } : { etag: version }

const describeRefusals = (inRoom: InRoom, state: BucketState): void => {
  inRoom('what was written again meanwhile is never copied as what it was', async (room) => {
    const { replicator, bronze, bucket, putObject } = room
    const first = refOf(await putObject('own', text('first')))
    await putObject('own', text('second'))
    const order = { key: '_replay/own', generation: 0 }
    if (state !== 'versioned') {
      await expectFault(replicator.copy(first, order, idle()), 'OBJECT_GONE')
      return
    }
    await replicator.copy(first, order, idle())
    const { object } = await replicator.look({ bucket, key: order.key }, idle())
    expect(await bytesOf(await bronze.open(object, idle()))).toEqual(text('first'))
  })

  inRoom('what was deleted is gone', async ({ replicator, bucket, putObject, deleteObject }) => {
    const origin = { ...refOf(await putObject('own', text('x'))), key: 'never' }
    const order = { key: '_replay/own', generation: 0 }
    await expectFault(replicator.copy(origin, order, idle()), 'OBJECT_GONE')
    await putObject('_replay/x', text('x'))
    await deleteObject('_replay/x')
    await expectFault(replicator.look({ bucket, key: '_replay/x' }, idle()), 'OBJECT_GONE')
  })
}

const describeMarks = (inRoom: InRoom): void => {
  inRoom('what has no whole mark has none', async ({ replicator, bucket, putObject }) => {
    const whole = {
      'silversmith-origin-bucket': bucket,
      'silversmith-origin-key': Buffer.from('own').toString('base64url'),
      'silversmith-origin-etag': 'e',
      'silversmith-origin-modified': '2026-01-01T00:00:00.000Z',
      'silversmith-generation': '0',
    }
    const markOf = async (metadata: Readonly<Record<string, string>>) => {
      await putObject('_replay/m', text('x'), { metadata })
      return (await replicator.look({ bucket, key: '_replay/m' }, idle())).mark
    }
    expect(await markOf(whole)).toMatchObject({ origin: { key: 'own', version: 'e' } })
    for (const name of Object.keys(whole))
      expect(
        await markOf(Object.fromEntries(Object.entries(whole).filter(([own]) => own !== name))),
      ).toBeUndefined()
    for (const [name, wrong] of [
      ['silversmith-origin-key', 'a+b='],
      ['silversmith-origin-version-id', 'and an etag'],
      ['silversmith-origin-modified', 'yesterday'],
      ['silversmith-generation', '-1'],
    ] as const)
      expect(await markOf({ ...whole, [name]: wrong })).toBeUndefined()
  })
}

const describeConditions = (inRoom: InRoom): void => {
  inRoom('a copy is made once, however often it is asked for', async (room) => {
    const { replicator, bucket, putObject } = room
    const origin = refOf(await putObject('own', text('x')))
    const order = { key: '_replay/r/own', generation: 0 }
    const all = Array.from({ length: 4 }, () => replicator.copy(origin, order, idle()))
    expect((await Promise.all(all)).filter(Boolean)).toHaveLength(1)
    const { object } = await replicator.look({ bucket, key: order.key }, idle())
    expect(await replicator.copy(origin, order, idle())).toBe(false)
    expect((await replicator.look({ bucket, key: order.key }, idle())).object).toEqual(object)
  })

  inRoom('a key that is taken by anything else is left as it is', async (room) => {
    const { replicator, bronze, bucket, putObject } = room
    const [a, b] = [refOf(await putObject('a', text('a'))), refOf(await putObject('b', text('b')))]
    const key = '_replay/taken'
    await replicator.copy(a, { key, generation: 0 }, idle())
    for (const [origin, generation] of [[b, 0] as const, [a, 1] as const])
      await expectFault(replicator.copy(origin, { key, generation }, idle()), 'STORE_CONFLICT')
    const { object } = await replicator.look({ bucket, key }, idle())
    expect(await bytesOf(await bronze.open(object, idle()))).toEqual(text('a'))
    await putObject('_replay/foreign', text('x'))
    const order = { key: '_replay/foreign', generation: 0 }
    await expectFault(replicator.copy(a, order, idle()), 'STORE_CONFLICT')
  })
}
