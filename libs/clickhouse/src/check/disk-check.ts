import { type Check, checksOf } from '@silversmith/core'
import type { Connection } from '../connection.ts'
import { exceptionCodeOf } from '../exception.ts'
import type { Existing } from '../existing.ts'
import { quoteName } from '../name.ts'
import type { ClickHouseSettings } from '../settings.ts'
import { checkOfRefusal } from './refusal.ts'

interface DiskRow {
  readonly name: string
  readonly free_space: string | number
  readonly total_space: string | number
  readonly is_read_only: number | boolean
}

/** Less is as good as none: an INSERT, the merges after it and the server's own logs need room. */
const freeBytesMin = 1024 ** 3

/** Room on the disks of the server. A disk in an object store is never full. */
export const checkDisks = async (
  connection: Connection,
  settings: ClickHouseSettings,
  existing: Existing,
  signal: AbortSignal,
): Promise<readonly Check[]> => {
  const check = checksOf('clickhouse', 'disks')
  let disks: readonly DiskRow[]
  try {
    disks = await connection.query<DiskRow>(
      {
        statement: 'SELECT name, free_space, total_space, is_read_only FROM system.disks',
        what: 'asking for the room on the disks',
      },
      signal,
    )
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
  const problems = disks
    // Some are read-only on purpose, e.g. one on the web.
    .filter(({ name, is_read_only }) => !Number(is_read_only) || name === 'default')
    .flatMap((disk) => problemOf(disk, existing) ?? [])
  if (problems.length === 0) return [check.ok('have room')]
  return problems.map(({ found, fix }) => check.wrong(found, fix))
}

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
