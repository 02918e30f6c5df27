import type { ListedObject } from '@silversmith/core'
import { expect } from 'vitest'
import type { BucketState } from '../memory/memory-bronze.ts'
import { refOf } from '../memory/object-ref.ts'
import type { BronzeRoom, InBronzeRoom } from './bronze-contract.ts'
import { expectFault } from './store-contract.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const idle = (): AbortSignal => new AbortController().signal

/** Keys that a listing in XML, in form encoding or in the order of UTF-16 gets wrong. */
const hardKeys = [
  'a b+c%2B',
  'a%20b',
  '+ % ø',
  'control \u0001\u001f\u007f',
  'lines \r\n\t end',
  'nothing \ufffe\uffff',
  'quote\'&<>"',
  ']]>',
  ' around ',
  'dir//double',
  '漢字/\uff5e',
  '漢字/\u{1f600}',
]

const keysFor = (room: BronzeRoom): readonly string[] =>
  hardKeys.filter((key) => room.takesKey?.(key) ?? true)

const listAll = async (
  { bronze, bucket }: BronzeRoom,
  prefix: string,
): Promise<{ readonly objects: readonly ListedObject[]; readonly pages: number }> => {
  const objects: ListedObject[] = []
  let from: string | undefined
  for (let pages = 1; ; pages += 1) {
    const page = await bronze.list(bucket, prefix, from, idle())
    expect(page.objects.length).toBeLessThanOrEqual(1_000)
    objects.push(...page.objects)
    from = page.next
    if (from === undefined) return { objects, pages }
  }
}

/** Identity, etag and size, in an order of their own: that of the versions of one key is the store's. */
const namesOf = (objects: readonly ListedObject[]): readonly string[] =>
  objects
    .map(({ object, etag, sizeBytes }) =>
      JSON.stringify([object.key, object.version, object.versioned, etag, sizeBytes]),
    )
    .toSorted()

const putAll = async (
  { putObject }: BronzeRoom,
  keys: readonly string[],
  body: string,
): Promise<readonly ListedObject[]> => {
  const put: ListedObject[] = []
  for (let at = 0; at < keys.length; at += 25) {
    const facts = await Promise.all(
      keys.slice(at, at + 25).map((key) => putObject(key, text(body))),
    )
    put.push(
      ...facts.map((one) => ({
        ...{ object: refOf(one), etag: (one.etag ?? '').replaceAll('"', '') },
        ...{ sizeBytes: body.length, lastModified: 0 },
      })),
    )
  }
  return put
}

/** Every version that can be opened, under the identity its event had. */
export const describeBronzeListing = (inRoom: InBronzeRoom, state: BucketState): void => {
  const keepsVersions = state === 'versioned'

  inRoom('a listing names each object as its event did, whatever its key', async (room) => {
    const put = await putAll(room, keysFor(room), 'body')
    const { objects } = await listAll(room, '')
    expect(namesOf(objects)).toEqual(namesOf(put))
    const before = Date.UTC(2020)
    for (const { lastModified } of objects) expect(lastModified).toBeGreaterThan(before)
  })

  inRoom('a listing is in the order of the bytes of the keys', async (room) => {
    await putAll(room, keysFor(room), 'body')
    const { objects } = await listAll(room, '')
    expect(objects.map(({ object }) => object.key)).toEqual(
      keysFor(room).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    )
  })

  inRoom('a listing keeps to its prefix', async (room) => {
    await putAll(room, ['a+ø/1', 'a+ø/2', 'a+ø', 'a ø/3', 'b/1'], 'body')
    const { objects } = await listAll(room, 'a+ø/')
    expect(objects.map(({ object }) => object.key)).toEqual(['a+ø/1', 'a+ø/2'])
    expect((await listAll(room, 'none/')).objects).toEqual([])
  })

  inRoom('a listing of a bucket that is not there is refused', async ({ bronze }) => {
    await expectFault(bronze.list('there-is-no-such-bucket', '', undefined, idle()), 'STORE_DENIED')
  })

  inRoom(
    keepsVersions
      ? 'a listing names every version, and no delete marker'
      : 'a listing names what is there now',
    async (room) => {
      const first = await putAll(room, ['a', 'b', 'c'], 'one')
      const second = await putAll(room, ['a', 'b'], 'other')
      await room.deleteObject('b')
      await room.deleteObject('never there')
      const [a] = second
      const now = [...(a ? [a] : []), ...first.slice(2)]
      expect(namesOf((await listAll(room, '')).objects)).toEqual(
        namesOf(keepsVersions ? [...first, ...second] : now),
      )
    },
  )

  inRoom(
    'pages of a listing follow one another without a gap or a repetition',
    async (room) => {
      const keys = Array.from({ length: 335 }, (_, n) => `page/+${n} ø`)
      const put: ListedObject[] = []
      const rounds = keepsVersions ? [1, 2, 3] : [1]
      const all = keepsVersions ? keys : [1, 2, 3].flatMap((n) => keys.map((key) => `${key}/${n}`))
      for (const round of rounds) put.push(...(await putAll(room, all, `body ${round}`)))
      const { objects, pages } = await listAll(room, 'page/')
      expect(put).toHaveLength(1_005)
      expect(pages).toBe(2)
      expect(namesOf(objects)).toEqual(namesOf(put))
    },
    60_000,
  )

  describeNullVersions(inRoom)
}

/** Versioning is turned on over objects that are there: each is then version `null`, below what comes. */
const describeNullVersions = (inRoom: InBronzeRoom): void => {
  inRoom('a null version is read and listed below a newer version', async (room) => {
    await room.setState('suspended')
    const first = await putAll(room, ['key'], 'first')
    await room.setState('versioned')
    const second = await putAll(room, ['key'], 'second')
    expect(namesOf((await listAll(room, '')).objects)).toEqual(namesOf([...first, ...second]))
    await expectBody(room, first, 'first')
    await expectBody(room, second, 'second')
  })

  inRoom('a null version is read and listed below a delete marker', async (room) => {
    await room.setState('suspended')
    const first = await putAll(room, ['key'], 'first')
    await room.setState('versioned')
    await room.deleteObject('key')
    expect(namesOf((await listAll(room, '')).objects)).toEqual(namesOf(first))
    await expectBody(room, first, 'first')
  })

  inRoom('a null version that replaced another stands for its own bytes only', async (room) => {
    await room.setState('suspended')
    const first = await putAll(room, ['key'], 'first')
    const second = await putAll(room, ['key'], 'second')
    await room.setState('versioned')
    const third = await putAll(room, ['key'], 'third')
    expect(namesOf((await listAll(room, '')).objects)).toEqual(namesOf([...second, ...third]))
    for (const { object } of first)
      await expectFault(room.bronze.open(object, idle()), 'OBJECT_GONE')
    await expectBody(room, second, 'second')
  })
}

const expectBody = async (
  { bronze }: BronzeRoom,
  listed: readonly ListedObject[],
  body: string,
): Promise<void> => {
  for (const { object } of listed) {
    const pieces: Uint8Array[] = []
    for await (const piece of (await bronze.open(object, idle())).body) pieces.push(piece)
    expect(Buffer.concat(pieces).toString()).toBe(body)
  }
}
