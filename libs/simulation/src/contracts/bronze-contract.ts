import type { Bronze, ObjectFacts, OpenObject } from '@silversmith/core'
import { Fault } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import type { BucketState } from '../memory/memory-bronze.ts'
import { refOf } from '../memory/object-ref.ts'
import { describeBronzeListing } from './bronze-listing-contract.ts'

/** A bucket the suite may arrange, and the port that reads it. */
export interface BronzeRoom {
  readonly bronze: Bronze
  readonly bucket: string
  /** Resolves with what the store's answer told: etag (quoted or not) and versionId where there is one. */
  putObject(
    key: string,
    bytes: Uint8Array,
    options?: { readonly contentType?: string; readonly contentEncoding?: string },
  ): Promise<ObjectFacts>
  deleteObject(key: string): Promise<void>
  /** As PutBucketVersioning does, over what is there. */
  setState(state: 'versioned' | 'suspended'): Promise<void>
  /** False for a key this store cannot take; absent: it takes all. */
  takesKey?(key: string): boolean
  close?(): Promise<void>
}

const bucketStates: readonly BucketState[] = ['unversioned', 'versioned', 'suspended']
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const idle = (): AbortSignal => new AbortController().signal
const oddKeys = [
  'a b+c%2B',
  'ä/ø/漢字.jsonl',
  "quote'&<>",
  'dir//double',
  'dt=2026-01-01/x=1.jsonl',
]

export const bytesOf = async ({ body }: Pick<OpenObject, 'body'>): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Uint8Array.from(Buffer.concat(pieces))
}

/** `make` opens a bucket in the state asked; a store that knows fewer states names those it knows. */
export const describeBronze = (
  name: string,
  make: (state: BucketState) => Promise<BronzeRoom>,
  states: readonly BucketState[] = bucketStates,
): void => {
  for (const state of states)
    describe(`bronze contract: ${name}, ${state} bucket`, () => {
      const inRoom: InBronzeRoom = (title, body, timeoutMs) =>
        test(
          title,
          async () => {
            const room = await make(state)
            try {
              await body(room)
            } finally {
              await room.close?.()
            }
          },
          timeoutMs,
        )
      describeReading(inRoom)
      describeReplacing(inRoom, state)
      describeBronzeListing(inRoom, state)
    })
}

export type InBronzeRoom = (
  title: string,
  body: (room: BronzeRoom) => Promise<void>,
  timeoutMs?: number,
) => void

const expectGone = async (work: Promise<unknown>): Promise<void> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Fault)
  expect((error as Fault).code).toBe('OBJECT_GONE')
}

const describeReading = (inRoom: InBronzeRoom): void => {
  inRoom('an object reads back whole, whatever its key', async ({ bronze, putObject }) => {
    for (const key of oddKeys) {
      const object = refOf(await putObject(key, text(`body of ${key}`)))
      const open = await bronze.open(object, idle())
      expect(open.sizeBytes).toBe(text(`body of ${key}`).length)
      expect(await bytesOf(open)).toEqual(text(`body of ${key}`))
    }
  })

  inRoom('an empty object is there and has no bytes', async ({ bronze, putObject }) => {
    const open = await bronze.open(refOf(await putObject('empty', text(''))), idle())
    expect(open.sizeBytes).toBe(0)
    expect(await bytesOf(open)).toEqual(text(''))
  })

  inRoom('a megabyte arrives byte for byte', async ({ bronze, putObject }) => {
    const bytes = Uint8Array.from({ length: 1_048_576 + 3 }, (_, i) => (i * 31 + (i >> 8)) & 0xff)
    const open = await bronze.open(refOf(await putObject('big', bytes)), idle())
    expect(Buffer.from(await bytesOf(open)).equals(Buffer.from(bytes))).toBe(true)
  })

  inRoom('a reader may stop early and read another object', async ({ bronze, putObject }) => {
    const object = refOf(await putObject('long', new Uint8Array(300_000)))
    for await (const piece of (await bronze.open(object, idle())).body) {
      expect(piece.length).toBeGreaterThan(0)
      break
    }
    expect((await bytesOf(await bronze.open(object, idle()))).length).toBe(300_000)
  })

  inRoom('content type, encoding and modification time are told', async ({ bronze, putObject }) => {
    const plain = await bronze.open(refOf(await putObject('plain', text('x'))), idle())
    expect(plain.contentEncoding).toBeUndefined()
    expect(Number.isSafeInteger(plain.lastModified)).toBe(true)
    await bytesOf(plain)
    const types = { contentType: 'text/x-own; charset=utf-8', contentEncoding: 'gzip' }
    const facts = await putObject('zipped', text('x'), types)
    const zipped = await bronze.open(refOf(facts), idle())
    expect(zipped).toMatchObject(types)
    await bytesOf(zipped)
  })

  inRoom('head names the same version as the event', async ({ bronze, bucket, putObject }) => {
    const object = refOf(await putObject('named', text('12345')))
    expect(await bronze.head(bucket, 'named', idle())).toEqual({ ...object, sizeBytes: 5 })
  })

  inRoom('a key never written is gone, for open and head', async ({ bronze, bucket }) => {
    const object = { bucket, key: 'never', version: 'd41d8cd98f00b204e9800998ecf8427e' }
    await expectGone(bronze.open({ ...object, versioned: false }, idle()))
    await expectGone(bronze.head(bucket, 'never', idle()))
  })
}

const describeReplacing = (inRoom: InBronzeRoom, state: BucketState): void => {
  const keepsVersions = state === 'versioned'
  const fate = keepsVersions ? 'stays readable under its version' : 'is gone'

  inRoom(`an overwritten object ${fate}`, async ({ bronze, putObject }) => {
    const first = refOf(await putObject('key', text('first')))
    const second = refOf(await putObject('key', text('second')))
    expect(second.version).not.toBe(first.version)
    expect(await bytesOf(await bronze.open(second, idle()))).toEqual(text('second'))
    if (keepsVersions)
      expect(await bytesOf(await bronze.open(first, idle()))).toEqual(text('first'))
    else await expectGone(bronze.open(first, idle()))
  })

  inRoom(`a deleted object ${fate}`, async ({ bronze, bucket, putObject, deleteObject }) => {
    const object = refOf(await putObject('key', text('first')))
    await deleteObject('key')
    await expectGone(bronze.head(bucket, 'key', idle()))
    if (keepsVersions)
      expect(await bytesOf(await bronze.open(object, idle()))).toEqual(text('first'))
    else await expectGone(bronze.open(object, idle()))
  })

  inRoom(
    keepsVersions
      ? 'the same bytes put again are another version'
      : 'the same bytes put again after a delete are the same version',
    async ({ bronze, putObject, deleteObject }) => {
      const first = refOf(await putObject('key', text('same')))
      await deleteObject('key')
      const again = refOf(await putObject('key', text('same')))
      if (keepsVersions) expect(again.version).not.toBe(first.version)
      else expect(again).toEqual(first)
      expect(again.versioned).toBe(keepsVersions)
      expect(await bytesOf(await bronze.open(again, idle()))).toEqual(text('same'))
    },
  )

  inRoom(
    'an object replaced while it is read arrives whole or is gone, never mixed or short',
    async ({ bronze, putObject }) => {
      const before = new Uint8Array(400_000).fill(1)
      const open = await bronze.open(refOf(await putObject('key', before)), idle())
      const pieces: Uint8Array[] = []
      try {
        for await (const piece of open.body) {
          if (pieces.length === 0) await putObject('key', new Uint8Array(400_000).fill(2))
          pieces.push(piece)
        }
        expect(Buffer.concat(pieces).equals(Buffer.from(before))).toBe(true)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        expect(error.code).toBe('OBJECT_GONE')
      }
    },
  )
}
