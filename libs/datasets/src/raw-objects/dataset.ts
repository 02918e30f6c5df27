import type { Dataset, StoredObject, Table } from '@silversmith/core'

const name = 'raw_objects'

const table: Table = {
  name,
  description: 'Stored objects, any bytes, one row each',
  columns: [
    {
      ...{ name: 'timestamp', type: 'timestamp', nullable: false },
      description: 'When this version was stored, Last-Modified, UTC',
    },
    {
      ...{ name: 'size_bytes', type: 'uint64', nullable: false },
      description: 'Size as stored',
    },
    {
      ...{ name: 'content_type', type: 'category', nullable: true },
      description: 'Content-Type it was stored with',
    },
    {
      ...{ name: 'content_encoding', type: 'category', nullable: true },
      description: 'Content-Encoding it was stored with; the body is not unpacked',
    },
    {
      ...{ name: 'sha256', type: 'text', nullable: false },
      description: 'Lower-hex SHA-256 of all its bytes, also where body is null',
    },
    {
      ...{ name: 'body', type: 'binary', nullable: true },
      description: 'Its bytes as stored; null when they are more than MAX_RECORD_BYTES',
    },
  ],
  // Looked up by name: _source is the first of the row identity.
  orderBy: [],
  indexes: [{ column: 'sha256', type: 'bloom_filter', granularity: 4 }],
  views: [],
}

const mapObject = (object: StoredObject): ReturnType<Dataset['map']> => {
  const { body = null, contentEncoding = null, contentType = null, sha256, sizeBytes } = object
  const timeMicros = object.lastModified * 1000
  const values = [timeMicros, sizeBytes, contentType, contentEncoding, sha256, body]
  return { rows: [{ table: name, timeMicros, values }] }
}

/** Objects that are not to be understood, only kept: each is a row, whatever its bytes. */
export const rawObjects: Dataset = {
  name,
  version: 1,
  description:
    'Objects of any bytes, one row each: nothing is unpacked, parsed or rejected. Of an object of more than MAX_RECORD_BYTES the row has no body: its bytes stay in bronze, at _source and _version.',
  tables: [table],
  map: () => ({ rejection: { reason: 'not_an_object' } }),
  mapObject,
}
