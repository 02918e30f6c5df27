import type { Readable } from 'node:stream'
import { Fault, isFault } from '@silversmith/core'
import type { BackOff } from './back-off.ts'
import { waitAfter } from './back-off.ts'
import { faultOf } from './vendor-fault.ts'

/** Bytes of one object that may take several connections to arrive. */
export interface BodySource {
  /** For messages: `s3://bucket/key`. */
  readonly name: string
  readonly sizeBytes: number
  /** The connection opened already, from byte 0. */
  readonly first: Readable
  /** Another connection to the same version, from that byte on. Throws Faults. */
  readonly reopen: (fromByte: number) => Promise<Readable>
}

export interface BodyLimits extends BackOff {
  /** Longest silence of a connection while its next bytes are waited for. */
  readonly stallMs: number
}

/**
 * One pass over exactly `sizeBytes` bytes. A connection that drops, stalls or ends early is replaced from the byte
 * reached, `attemptsMax` connections in all; then STORE_UNAVAILABLE. Ending the iteration closes the connection.
 */
export const createBody = (
  source: BodySource,
  limits: BodyLimits,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> => {
  let connection: Readable | undefined = source.first
  let ended = false
  let begun = false

  const chunks = async function* (): AsyncGenerator<Uint8Array, undefined> {
    let reached = 0
    for (let attempt = 1; ; attempt += 1) {
      const failure: unknown = connection
        ? yield* drain(connection, limits.stallMs, (bytes) => (reached += bytes))
        : undefined
      if (reached === source.sizeBytes || ended) return
      if (signal.aborted || attempt >= limits.attemptsMax || reached > source.sizeBytes)
        throw cutOff(source, reached, attempt, failure, signal)
      await waitAfter(attempt, limits, signal)
      if (ended) return
      connection = await reconnect(source, reached)
      if (ended) connection?.destroy()
    }
  }

  return {
    [Symbol.asyncIterator]: () => {
      if (begun) throw new Error(`${source.name}: a body can be read once`)
      begun = true
      const generator = chunks()
      const end = (): void => {
        ended = true
        connection?.destroy()
      }
      return {
        next: () => generator.next(),
        // An unstarted generator would skip its own clean-up.
        return: async () => {
          end()
          return generator.return(undefined)
        },
      }
    },
  }
}

/** Yields what the connection gives; returns why it ended early, or undefined at its proper end. */
const drain = async function* (
  connection: Readable,
  stallMs: number,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, unknown> {
  const iterator = connection[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  try {
    for (;;) {
      const step = await nextWithin(connection, iterator, stallMs)
      if ('failure' in step) return step.failure
      if (step.done) return undefined
      count(step.value.byteLength)
      yield step.value
    }
  } finally {
    // Harmless after a whole body: its socket is already back with the agent.
    connection.destroy()
  }
}

const nextWithin = async (
  connection: Readable,
  iterator: AsyncIterator<Uint8Array>,
  stallMs: number,
): Promise<IteratorResult<Uint8Array> | { readonly failure: unknown }> => {
  const stalled = () => connection.destroy(new Error(`no byte for ${stallMs} ms`))
  const timer = setTimeout(stalled, stallMs)
  try {
    return await iterator.next()
  } catch (failure) {
    return { failure }
  } finally {
    clearTimeout(timer)
  }
}

/** Undefined when the store is away for now: that connection counts as one that brought nothing. */
const reconnect = async (source: BodySource, reached: number): Promise<Readable | undefined> => {
  try {
    return await source.reopen(reached)
  } catch (error) {
    if (isFault(error, 'STORE_UNAVAILABLE')) return undefined
    throw error
  }
}

const cutOff = (
  source: BodySource,
  reached: number,
  attempt: number,
  failure: unknown,
  signal: AbortSignal,
): unknown =>
  signal.aborted
    ? faultOf('store', failure, `reading ${source.name}`, signal)
    : new Fault(
        'STORE_UNAVAILABLE',
        `reading ${source.name} ended at byte ${reached} of ${source.sizeBytes} after ${attempt} connections; ` +
          `it will be read again`,
        { cause: failure },
      )
