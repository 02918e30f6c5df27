import type { StoredObject, Value } from '@silversmith/core'
import { expect, it } from 'vitest'
import { rawObjects } from './dataset.ts'

const stored: StoredObject = {
  ...{ sizeBytes: 3, lastModified: 1_770_818_702_123, sha256: 'ab'.repeat(32) },
  ...{ contentType: 'image/png', contentEncoding: 'gzip', body: Uint8Array.of(0, 255, 10) },
}

const rowOf = (object: Partial<StoredObject>): Record<string, Value> => {
  const mapped = rawObjects.mapObject?.({ ...stored, ...object })
  if (!mapped || !('rows' in mapped)) throw new Error('Every object is a row.')
  const [row, ...others] = mapped.rows
  expect(others).toEqual([])
  expect(row).toMatchObject({ table: 'raw_objects', timeMicros: stored.lastModified * 1000 })
  const names = rawObjects.tables[0]?.columns.map(({ name }) => name) ?? []
  return Object.fromEntries(names.map((name, at) => [name, row?.values[at] as Value]))
}

it('makes one row of an object, with what S3 tells of it and its bytes', () => {
  expect(rowOf({})).toEqual({
    timestamp: 1_770_818_702_123_000,
    size_bytes: 3,
    content_type: 'image/png',
    content_encoding: 'gzip',
    sha256: 'ab'.repeat(32),
    body: Uint8Array.of(0, 255, 10),
  })
})

it('tells an object without bytes from one whose bytes are left out', () => {
  expect(rowOf({ sizeBytes: 0, body: new Uint8Array() })['body']).toEqual(new Uint8Array())
  expect(rowOf({ sizeBytes: 2 ** 33, body: undefined })).toMatchObject({
    size_bytes: 2 ** 33,
    sha256: 'ab'.repeat(32),
    body: null,
  })
})

it('has null for what S3 does not tell', () => {
  expect(rowOf({ contentType: undefined, contentEncoding: undefined })).toMatchObject({
    content_type: null,
    content_encoding: null,
  })
})
