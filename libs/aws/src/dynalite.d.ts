/** The one call of dynalite 4.0.0 the tests use; it comes without types. */
declare module 'dynalite' {
  import type { Server } from 'node:http'
  interface DynaliteOptions {
    readonly createTableMs?: number
    readonly deleteTableMs?: number
  }
  const dynalite: (options?: DynaliteOptions) => Server
  export = dynalite
}
