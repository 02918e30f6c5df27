import { Fault, type ObjectRef, type OpenObject, type Source } from '@silversmith/core'
import { describe, expect, test } from 'vitest'
import { openSource } from './source-opening.ts'

const { signal } = new AbortController()
const refOf = (key: string): ObjectRef => ({ bucket: 'b', key, version: 'v', versioned: true })
const source: Source = {
  ...{ id: 'i', object: refOf('own'), dataset: 'd', generation: 0 },
  copy: { object: refOf('copy'), lastModified: 5 },
}
const pieces = ['ab', 'cde', 'f', 'ghij']
const gone = new Fault('OBJECT_GONE', 'it is not there any more')

/** `goneAfter`: pieces of the object itself before it is gone; undefined: it stays. The copy comes in other pieces. */
const bronzeWith = (goneAfter: number | undefined, closed: string[] = []) => ({
  open: async ({ key }: ObjectRef): Promise<OpenObject> => {
    if (key === 'own' && goneAfter === 0) throw gone
    const body = {
      [Symbol.asyncIterator]: () => {
        const all = key === 'own' ? pieces : ['abcd', '', 'efghi', 'j']
        let at = 0
        return {
          next: async () => {
            if (key === 'own' && at === goneAfter) throw gone
            const value = all[at++]
            return value === undefined
              ? ({ done: true, value } as const)
              : { value: Buffer.from(value) }
          },
          return: async () => {
            closed.push(key)
            return { done: true, value: undefined } as const
          },
        }
      },
    }
    const types = { contentType: undefined, contentEncoding: undefined }
    return { sizeBytes: 10, lastModified: key === 'own' ? 4 : 9, ...types, body }
  },
})

const textOf = async ({ body }: OpenObject): Promise<string> => {
  const read: Uint8Array[] = []
  for await (const piece of body) read.push(piece)
  return Buffer.concat(read).toString()
}

describe('a source that was copied', () => {
  test.each([undefined, 1, 2, 3, 4])('is read whole, gone after %s pieces', async (goneAfter) => {
    const opened = await openSource(bronzeWith(goneAfter), source, signal)
    expect(opened.lastModified).toBe(4)
    expect(await textOf(opened)).toBe('abcdefghij')
  })

  test('is read as its copy where it is gone, with its own date', async () => {
    const opened = await openSource(bronzeWith(0), source, signal)
    expect(opened.lastModified).toBe(5)
    expect(await textOf(opened)).toBe('abcdefghij')
  })

  test('is gone when its copy is, too', async () => {
    const open = () => Promise.reject(gone)
    await expect(openSource({ open }, source, signal)).rejects.toBe(gone)
  })

  test('is closed by who does not read it, or not to its end', async () => {
    const closed: string[] = []
    const unread = await openSource(bronzeWith(undefined, closed), source, signal)
    await unread.body[Symbol.asyncIterator]().return?.()
    expect(closed).toEqual(['own'])
    const begun = await openSource(bronzeWith(undefined, closed), source, signal)
    for await (const piece of begun.body) {
      expect(piece).toHaveLength(2)
      break
    }
    expect(closed.length).toBeGreaterThan(1)
  })

  test('fails as the object does where that is not gone', async () => {
    const denied = new Fault('STORE_DENIED', 'no')
    const open = () => Promise.reject(denied)
    await expect(openSource({ open }, source, signal)).rejects.toBe(denied)
  })
})
