/** The part of the npm package `chdb` (the ClickHouse engine as a library) that the door uses. */
export interface ChdbSession {
  /** Blocking; for SET only. */
  query(statement: string, format?: string): string
  queryAsync(statement: string, options: { format: string }): Promise<ChdbResult>
  close(): void
}

export interface ChdbResult {
  readonly elapsed: number
  readonly rowsRead: number
  readonly bytesRead: number
  bytes(): Uint8Array
}

export interface Chdb {
  readonly Session: new (path: string, options?: object) => ChdbSession
}

/** Undefined where the engine has no binary for this platform. */
export const loadChdb = async (): Promise<Chdb | undefined> => {
  try {
    // By a name the compiler does not follow: the package is optional.
    const name: string = 'chdb'
    return (await import(name)) as Chdb
  } catch {
    return undefined
  }
}
