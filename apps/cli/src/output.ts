import type { Writable } from 'node:stream'

/** Where answers go. */
export interface Output {
  /** @throws Error when nobody reads any more, so that the work ends as it does after any fault. */
  readonly write: (text: string) => Promise<void>
  /** The last of it. Whoever has read enough of it (`| head`) changes nothing: the work is over. @returns `code` */
  readonly end: (text: string, code: number) => Promise<number>
}

const isUnread = (error: NodeJS.ErrnoException): boolean => error.code === 'EPIPE'

export const createOutput = (stream: Writable): Output => {
  // Told by the write that fails.
  stream.on('error', () => undefined)
  const send = (text: string): Promise<NodeJS.ErrnoException | undefined> =>
    new Promise((resolve) => stream.write(text, (error) => resolve(error ?? undefined)))
  return {
    write: async (text) => {
      const error = await send(text)
      if (error) throw isUnread(error) ? new Error('stopped: nobody reads what is printed') : error
    },
    end: async (text, code) => {
      const error = await send(text)
      if (error && !isUnread(error)) throw error
      return code
    },
  }
}
