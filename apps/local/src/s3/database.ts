import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { SQLOutputValue } from 'node:sqlite'
import { DatabaseSync } from 'node:sqlite'

/**
 * What the server knows, in one SQLite file. Every change is one synchronous transaction, so a condition and the write
 * that depends on it cannot be torn apart. The write-ahead log survives a killed process; against a power cut
 * nothing is promised: bodies are not synced to the disk.
 */
export interface Database {
  /** All of `work` or, when it throws, none of it. `work` must not wait for anything. */
  transact<Result>(work: () => Result): Result
  all(sql: string, ...values: readonly Value[]): Row[]
  first(sql: string, ...values: readonly Value[]): Row | undefined
  run(sql: string, ...values: readonly Value[]): void
  /** Rows one by one; MUST be read before the next write. */
  each(sql: string, ...values: readonly Value[]): Iterable<Row>
  /** Grows with every call, across restarts. */
  nextSequence(): number
  close(): void
}

export type Value = string | number | Uint8Array | null
export type Row = Record<string, SQLOutputValue>

// Keys are BLOBs: SQLite compares them byte by byte, which is S3's order of keys (UTF-8 binary).
const schema = `
  CREATE TABLE IF NOT EXISTS sequence (value INTEGER NOT NULL);
  INSERT INTO sequence SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM sequence);
  CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY, created INTEGER NOT NULL, versioning TEXT
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS versions (
    bucket TEXT NOT NULL, key BLOB NOT NULL, sequence INTEGER NOT NULL, version TEXT NOT NULL,
    latest INTEGER NOT NULL, marker INTEGER NOT NULL, modified INTEGER NOT NULL,
    etag TEXT NOT NULL, size INTEGER NOT NULL, blob TEXT, facts TEXT NOT NULL,
    PRIMARY KEY (bucket, key, sequence DESC)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS versions_by_id ON versions (bucket, key, version);
  CREATE UNIQUE INDEX IF NOT EXISTS versions_latest ON versions (bucket, key) WHERE latest = 1;
  CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key BLOB NOT NULL, created INTEGER NOT NULL, facts TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS uploads_by_key ON uploads (bucket, key, id);
  CREATE TABLE IF NOT EXISTS parts (
    upload TEXT NOT NULL, number INTEGER NOT NULL, modified INTEGER NOT NULL,
    etag TEXT NOT NULL, size INTEGER NOT NULL, blob TEXT NOT NULL, checksum TEXT,
    PRIMARY KEY (upload, number)
  ) WITHOUT ROWID;
`

export const openDatabase = (dir: string): Database => {
  mkdirSync(dir, { recursive: true })
  const path = join(dir, 's3.sqlite')
  const sqlite = new DatabaseSync(path)
  try {
    // Exclusive: a second server on the same directory must fail at its start, not disagree later.
    sqlite.exec('PRAGMA locking_mode = EXCLUSIVE')
    sqlite.exec('PRAGMA journal_mode = WAL')
    sqlite.exec('PRAGMA synchronous = NORMAL')
    sqlite.exec(schema)
  } catch (error) {
    sqlite.close()
    throw new Error(`${path} cannot be opened; is another server using this directory?`, {
      cause: error,
    })
  }
  const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  const prepare = (sql: string): ReturnType<DatabaseSync['prepare']> => {
    const known = prepared.get(sql) ?? sqlite.prepare(sql)
    prepared.set(sql, known)
    return known
  }

  return {
    transact: (work) => {
      sqlite.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        sqlite.exec('COMMIT')
        return result
      } catch (error) {
        sqlite.exec('ROLLBACK')
        throw error
      }
    },
    all: (sql, ...values) => prepare(sql).all(...values),
    first: (sql, ...values) => prepare(sql).get(...values),
    run: (sql, ...values) => void prepare(sql).run(...values),
    each: (sql, ...values) => sqlite.prepare(sql).iterate(...values),
    nextSequence: () =>
      Number(prepare('UPDATE sequence SET value = value + 1 RETURNING value').get()?.['value']),
    close: () => sqlite.close(),
  }
}
