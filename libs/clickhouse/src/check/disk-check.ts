import { type Check, checksOf } from '@silversmith/core'
import type { Connection } from '../connection.ts'
import { exceptionCodeOf } from '../exception.ts'
import type { Existing } from '../existing.ts'
import { quoteName } from '../name.ts'
import type { ClickHouseSettings } from '../settings.ts'
import { checkOfRefusal } from './refusal.ts'

interface DiskRow {
  readonly name: string
  readonly path: string
  readonly free_space: string | number
  readonly total_space: string | number
  readonly is_read_only: number | boolean
}

/** Less is as good as none: an INSERT, the merges after it and the server's own logs need room. */
const freeBytesMin = 1024 ** 3

/**
 * Room on the disks of the server: those of these tables, and its own. A disk in an object store is never full. Another that is
 * full may be meant to be.
 */
export const checkDisks = async (
  connection: Connection,
  settings: ClickHouseSettings,
  existing: Existing,
  signal: AbortSignal,
): Promise<readonly Check[]> => {
  const check = checksOf('clickhouse', 'disks')
  let disks: readonly DiskRow[]
  let paths: readonly string[]
  try {
    disks = await connection.query<DiskRow>(
      {
        statement: 'SELECT name, path, free_space, total_space, is_read_only FROM system.disks',
        what: 'asking for the room on the disks',
      },
      signal,
    )
    paths = await readPaths(connection, settings, existing, signal)
  } catch (error) {
    const user = settings.user ?? 'default'
    const grants = [`GRANT SELECT ON system.disks TO ${quoteName(user)}`]
    if (exceptionCodeOf(error) !== 497)
      return [
        checkOfRefusal(check, error, {
          what: 'a question',
          user,
          origin: new URL(settings.url).origin,
          grants,
        }),
      ]
    return [
      check.unseen(`user ${user} may not ask how much room there is`, `run ${grants.join('; ')}`),
    ]
  }
  const used = new Set(['default', ...paths.map((path) => diskOf(path, disks))])
  const problems = disks.flatMap((disk) => {
    const problem = problemOf(disk, existing)
    if (problem === undefined) return []
    const { found, fix } = problem
    if (used.has(disk.name)) return [check.wrong(found, fix)]
    // Some are read-only on purpose, e.g. one on the web.
    return Number(disk.is_read_only)
      ? []
      : [check.warning(`${found}; none of the tables is on it`, fix)]
  })
  return problems.length > 0 ? problems : [check.ok('have room')]
}

/** Where the server keeps what is in the tables. */
const readPaths = async (
  connection: Connection,
  { database }: ClickHouseSettings,
  { tables }: Existing,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const rows = await connection.query<{ readonly path: string }>(
    {
      statement:
        'SELECT DISTINCT arrayJoin(data_paths) AS path FROM system.tables WHERE database = {database:String} AND name IN {names:Array(String)}',
      parameters: { database, names: [...tables.values()].map(({ name }) => name) },
      what: 'asking on which disks the tables are',
    },
    signal,
  )
  return rows.map(({ path }) => path)
}

/** The disk of a path: one may be mounted below another. */
const diskOf = (path: string, disks: readonly DiskRow[]): string | undefined =>
  disks
    .filter((disk) => disk.path !== '' && path.startsWith(disk.path))
    .toSorted((one, other) => other.path.length - one.path.length)[0]?.name

const problemOf = (
  { name, free_space: free, total_space: total, is_read_only: isReadOnly }: DiskRow,
  existing: Existing,
): { readonly found: string; readonly fix: string } | undefined => {
  if (Number(isReadOnly))
    return {
      found: `disk ${name} of the server is read-only`,
      fix: 'mount it so that it can be written to',
    }
  const neededBytes = Math.max(freeBytesMin, thresholdOf(existing, Number(total)))
  if (Number(free) >= neededBytes) return undefined
  return {
    found: `disk ${name} of the server is full: ${sizeOf(Number(free))} free of ${sizeOf(Number(total))}, and INSERTs need ${sizeOf(neededBytes)}`,
    fix: 'make room (drop old partitions, or tables nobody needs), or enlarge the disk; batches wait meanwhile and are applied by themselves',
  }
}

/** Where the server refuses INSERTs while there is room still. */
const thresholdOf = ({ tables, defaults }: Existing, totalBytes: number): number => {
  const valuesOf = (name: string): readonly number[] =>
    [...tables.values()].map(({ settings }) => Number(settings[name] ?? defaults[name] ?? 0))
  return Math.max(
    0,
    ...valuesOf('min_free_disk_bytes_to_perform_insert'),
    ...valuesOf('min_free_disk_ratio_to_perform_insert').map((ratio) => ratio * totalBytes),
  )
}

const sizeOf = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
