declare module 'dynalite' {
  import type { Server } from 'node:http'
  const createServer: (options?: { readonly createTableMs?: number }) => Server
  export = createServer
}
