import { type Bronze, isFault, type OpenObject, type Source } from '@silversmith/core'

/**
 * Opens a source as the object it is; where that is gone, as the copy a replay made of it. Their bytes are the same, also from the
 * middle on, and so are the name, version and date its rows carry.
 */
export const openSource = async (
  bronze: Pick<Bronze, 'open'>,
  { object, copy }: Source,
  signal: AbortSignal,
): Promise<OpenObject> => {
  if (!copy) return bronze.open(object, signal)
  const openCopy = (): Promise<OpenObject> => bronze.open(copy.object, signal)
  try {
    const opened = await bronze.open(object, signal)
    return { ...opened, body: withRest(opened.body, openCopy) }
  } catch (error) {
    if (!isFault(error, 'OBJECT_GONE')) throw error
    return { ...(await openCopy()), lastModified: copy.lastModified }
  }
}

const withRest = (
  body: AsyncIterable<Uint8Array>,
  openCopy: () => Promise<OpenObject>,
): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => {
    const first = body[Symbol.asyncIterator]()
    const pieces = goOn({ [Symbol.asyncIterator]: () => first }, openCopy)
    return {
      next: () => pieces.next(),
      // A generator that was not begun ends without a word to what it would have read.
      return: async () => {
        await first.return?.()
        return pieces.return(undefined)
      },
    }
  },
})

async function* goOn(
  body: AsyncIterable<Uint8Array>,
  openCopy: () => Promise<OpenObject>,
): AsyncGenerator<Uint8Array, undefined> {
  let readBytes = 0
  try {
    for await (const piece of body) {
      readBytes += piece.byteLength
      yield piece
    }
    return
  } catch (error) {
    if (!isFault(error, 'OBJECT_GONE')) throw error
  }
  let skipBytes = readBytes
  for await (const piece of (await openCopy()).body) {
    const rest = piece.subarray(Math.min(skipBytes, piece.byteLength))
    skipBytes -= piece.byteLength - rest.byteLength
    if (rest.byteLength > 0) yield rest
  }
}
