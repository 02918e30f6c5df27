import type { ServerResponse } from 'node:http'

/** Browsers that listen (server-sent events). */
export interface Viewers {
  /** False: there are too many. The first thing it hears is `hello`. */
  add(response: ServerResponse, hello: object): boolean
  tell(event: 'tick', data: object): void
  close(): void
}

const viewersMax = 20
/** A viewer that reads so slowly is let go; its browser comes again and hears where things stand. */
const unreadBytesMax = 4_000_000
const comeAgainMs = 2_000

const write = (response: ServerResponse, event: string, data: object): void =>
  void response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)

export const createViewers = (): Viewers => {
  const viewers = new Set<ServerResponse>()
  return {
    add: (response, hello) => {
      if (viewers.size >= viewersMax) return false
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write(`retry: ${comeAgainMs}\n\n`)
      write(response, 'hello', hello)
      viewers.add(response)
      response.once('close', () => viewers.delete(response))
      return true
    },
    tell: (event, data) => {
      for (const viewer of viewers)
        if (viewer.writableLength > unreadBytesMax) viewer.destroy()
        else write(viewer, event, data)
    },
    close: () => {
      for (const viewer of viewers) viewer.end()
    },
  }
}
