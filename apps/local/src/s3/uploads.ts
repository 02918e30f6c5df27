import { randomBytes } from 'node:crypto'

import type { Checksum, ChecksumAlgorithm } from './checksum.ts'
import type { Database, Row } from './database.ts'
import { S3Error } from './s3-error.ts'
import { keyBytes, readKeyBytes } from './version.ts'

export interface UploadFacts {
  readonly headers: Readonly<Record<string, string>>
  readonly algorithm?: ChecksumAlgorithm | undefined
  readonly checksumType?: Checksum['type'] | undefined
}

/** A multipart upload under way. */
export interface Upload {
  readonly id: string
  readonly bucket: string
  readonly key: string
  /** Epoch ms. */
  readonly created: number
  readonly facts: UploadFacts
}

export interface Part {
  readonly number: number
  /** Epoch ms. */
  readonly modified: number
  readonly etag: string
  readonly sizeBytes: number
  readonly blob: string
  readonly checksum: Checksum | undefined
}

export interface Uploads {
  create(bucket: string, key: string, facts: UploadFacts): Upload
  /** NoSuchUpload where there is none of that id for that key. */
  find(bucket: string, key: string, id: string): Upload
  /** Returns the blob of the part it replaces. */
  putPart(upload: Upload, part: Part): readonly string[]
  /** By number, from the one after `after`. */
  parts(upload: Upload, after: number, limit: number): readonly Part[]
  /** Forgets upload and parts, in the caller's transaction if there is one. Returns the parts' blobs. */
  drop(upload: Upload): readonly string[]
  /** In order of key and id, from the one after (`key`, `id`). */
  list(bucket: string, from: { key: string; id: string }, limit: number): readonly Upload[]
  /** While `work` runs the parts cannot change: others get OperationAborted. */
  hold<Result>(upload: Upload, work: () => Promise<Result>): Promise<Result>
}

export const createUploads = (database: Database, now: () => number): Uploads => {
  const held = new Set<string>()
  const checkFree = (upload: Upload): void => {
    if (held.has(upload.id))
      throw new S3Error(
        'OperationAborted',
        'A conflicting conditional operation is currently in progress against this resource. Please try again.',
      )
  }
  const find = (bucket: string, key: string, id: string): Upload => {
    const row = database.first(
      'SELECT id, bucket, key, created, facts FROM uploads WHERE id = ? AND bucket = ? AND key = ?',
      id,
      bucket,
      keyBytes(key),
    )
    if (row) return readUpload(row)
    throw new S3Error(
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      { elements: { UploadId: id } },
    )
  }

  return {
    find,
    create: (bucket, key, facts) => {
      const upload = { id: randomBytes(32).toString('hex'), bucket, key, created: now(), facts }
      database.run(
        'INSERT INTO uploads (id, bucket, key, created, facts) VALUES (?, ?, ?, ?, ?)',
        upload.id,
        bucket,
        keyBytes(key),
        upload.created,
        JSON.stringify(facts),
      )
      return upload
    },
    putPart: (upload, part) =>
      database.transact(() => {
        checkFree(find(upload.bucket, upload.key, upload.id))
        const replaced = database.first(
          'SELECT blob FROM parts WHERE upload = ? AND number = ?',
          upload.id,
          part.number,
        )
        database.run(
          `INSERT OR REPLACE INTO parts (upload, number, modified, etag, size, blob, checksum)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
          upload.id,
          part.number,
          part.modified,
          part.etag,
          part.sizeBytes,
          part.blob,
          part.checksum ? JSON.stringify(part.checksum) : null,
        )
        return replaced ? [String(replaced['blob'])] : []
      }),
    parts: (upload, after, limit) =>
      database
        .all(
          'SELECT * FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?',
          upload.id,
          after,
          limit,
        )
        .map(readPart),
    drop: (upload) => {
      const rows = database.all('SELECT blob FROM parts WHERE upload = ?', upload.id)
      database.run('DELETE FROM parts WHERE upload = ?', upload.id)
      database.run('DELETE FROM uploads WHERE id = ?', upload.id)
      return rows.map((row) => String(row['blob']))
    },
    list: (bucket, from, limit) =>
      database
        .all(
          `SELECT id, bucket, key, created, facts FROM uploads
           WHERE bucket = ? AND (key, id) > (?, ?) ORDER BY key, id LIMIT ?`,
          bucket,
          keyBytes(from.key),
          from.id,
          limit,
        )
        .map(readUpload),
    hold: async (upload, work) => {
      checkFree(upload)
      held.add(upload.id)
      try {
        return await work()
      } finally {
        held.delete(upload.id)
      }
    },
  }
}

const readUpload = (row: Row): Upload => ({
  id: String(row['id']),
  bucket: String(row['bucket']),
  key: readKeyBytes(row['key']),
  created: Number(row['created']),
  facts: JSON.parse(String(row['facts'])) as UploadFacts,
})

const readPart = (row: Row): Part => ({
  number: Number(row['number']),
  modified: Number(row['modified']),
  etag: String(row['etag']),
  sizeBytes: Number(row['size']),
  blob: String(row['blob']),
  checksum:
    typeof row['checksum'] === 'string' ? (JSON.parse(row['checksum']) as Checksum) : undefined,
})
