import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { kindOf } from './request-kind.ts'

/** Requests of one kind. */
export interface Tally {
  readonly count: number
  /** From the making of each request to the end of its answer, added up. */
  readonly ms: number
  /** Time in which at least one was under way. */
  readonly busyMs: number
}

export type Tallies = Readonly<Record<string, Tally>>

interface Open {
  count: number
  ms: number
  busyMs: number
  underWay: number
  since: number
}

/** Counts every HTTP request this process makes from now on, as Node tells of them. */
export const tallyRequests = (): (() => Tallies) => {
  const kinds = new Map<string, Open>()
  const begin = (kind: string): (() => void) => {
    const tally = kinds.get(kind) ?? { count: 0, ms: 0, busyMs: 0, underWay: 0, since: 0 }
    kinds.set(kind, tally)
    const startedAt = performance.now()
    tally.count += 1
    tally.underWay += 1
    if (tally.underWay === 1) tally.since = startedAt
    return () => {
      const endedAt = performance.now()
      tally.ms += endedAt - startedAt
      tally.underWay -= 1
      if (tally.underWay === 0) tally.busyMs += endedAt - tally.since
    }
  }
  subscribe('http.client.request.created', (message) => {
    const { request } = message as { readonly request: ClientRequest }
    const kind = kindOf({
      ...{ method: request.method, path: request.path },
      header: (name) => request.getHeader(name)?.toString(),
    })
    if (kind === undefined) return
    const end = begin(kind)
    let isOver = false
    const endOnce = (): void => {
      if (!isOver) end()
      isOver = true
    }
    request.once('close', endOnce)
    request.once('response', (response: IncomingMessage) => response.once('end', endOnce))
  })
  return () =>
    Object.fromEntries(
      [...kinds].map(([kind, { count, ms, busyMs }]) => [
        kind,
        { count, ms: Math.round(ms), busyMs: Math.round(busyMs) },
      ]),
    )
}
