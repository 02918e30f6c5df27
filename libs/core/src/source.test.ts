import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { identify, readObjectsMessage, sourceIdOf, writeObjectsMessage } from './source.ts'

describe('the identity of an object', () => {
  test.each([
    ['a versionId', { versionId: 'v1', etag: '"e"' }, { version: 'v1', versioned: true }],
    ['no versionId', { etag: '"e"' }, { version: 'e', versioned: false }],
    ['an empty versionId', { versionId: '', etag: 'e' }, { version: 'e', versioned: false }],
    [
      'the null version of a suspended bucket',
      { versionId: 'null', etag: 'e' },
      { version: 'e', versioned: false },
    ],
    ['a weak etag', { etag: 'W/"e"' }, { version: 'e', versioned: false }],
  ])('with %s is told by it', (_, facts, expected) => {
    expect(identify({ bucket: 'b', key: 'k', ...facts })).toEqual({
      bucket: 'b',
      key: 'k',
      ...expected,
    })
  })

  test('without version and etag is unknown', () => {
    expect(identify({ bucket: 'b', key: 'k', versionId: null, etag: null })).toBeUndefined()
  })

  test('differs between pipelines, and by bucket, key and version, wherever their borders are', () => {
    const ids = [
      sourceIdOf('p', { bucket: 'b', key: 'k', version: 'v', versioned: true }),
      sourceIdOf('q', { bucket: 'b', key: 'k', version: 'v', versioned: true }),
      sourceIdOf('p', { bucket: 'bk', key: '', version: 'v', versioned: true }),
      sourceIdOf('p', { bucket: 'b', key: 'kv', version: '', versioned: true }),
    ]
    expect(new Set(ids).size).toBe(4)
  })
})

describe('an objects message', () => {
  test('brings any key through in plain ASCII, and its id is computed anew', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string(),
        fc.boolean(),
        fc.nat(),
        (key, version, versioned, generation) => {
          const object = { bucket: 'b', key, version, versioned }
          const source = { id: 'a lie', object, dataset: 'd', generation }
          const body = writeObjectsMessage('p', { kind: 'source', source })
          expect(body).toMatch(/^[\x20-\x7e]*$/)
          expect(readObjectsMessage('p', body)).toEqual({
            kind: 'source',
            source: { ...source, id: sourceIdOf('p', object) },
          })
        },
      ),
    )
  })

  test.each([
    ['no JSON', 'oops'],
    ['another shape', '{"Records":[]}'],
    ['another version', '{"v":2,"batch":"b"}'],
    [
      'another pipeline',
      '{"v":1,"pipeline":"q","bucket":"b","key":"k","version":"v","versioned":true,"generation":0}',
    ],
    [
      'no generation',
      '{"v":1,"pipeline":"p","bucket":"b","key":"k","version":"v","versioned":true}',
    ],
    ['null', 'null'],
  ])('is not read from %s', (_, body) => {
    expect(readObjectsMessage('p', body)).toBeUndefined()
  })
})
