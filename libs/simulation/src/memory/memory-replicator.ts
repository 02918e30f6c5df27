import type { ObjectRef, Replicator } from '@silversmith/core'
import { Fault, identify, objectUri, readCopyMark, writeCopyMark } from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'
import type { MemoryBronze } from './memory-bronze.ts'

/** Copies of what is in memory, marked as on S3. */
export const createMemoryReplicator = (bronze: MemoryBronze): Replicator => {
  /** Key → its copy: of two at a time the second finds it here. */
  const made = new Map<string, ObjectRef>()

  const look: Replicator['look'] = async (facts, signal) => {
    const { bucket, key } = facts
    const object = identify(facts) ?? (await bronze.head(bucket, key, signal))
    const { sizeBytes } = await bronze.open(object, signal)
    return { object, sizeBytes, mark: readCopyMark(bronze.metadataOf(object) ?? {}) }
  }

  return {
    copy: async (origin, { key, generation }, signal) => {
      refuseAborted(signal)
      const { bucket } = origin
      const { body, lastModified, contentType, contentEncoding } = await bronze.open(origin, signal)
      const pieces: Uint8Array[] = []
      for await (const piece of body) pieces.push(piece)
      const there = await look({ bucket, key }, signal).catch(() => undefined)
      const name = objectUri({ bucket, key })
      if (there) {
        const mark = there.mark && { ...there.mark, generation: there.mark.generation > 0 }
        if (mark && nameOf(mark.origin) === nameOf(origin) && mark.generation === generation > 0)
          return false
        throw new Fault('STORE_CONFLICT', `${name} is there already`)
      }
      const other = made.get(name)
      if (other && bronze.holds(other)) return false
      const metadata = writeCopyMark({ origin, lastModified, generation })
      const options = { contentType, contentEncoding, metadata }
      const copy = identify(bronze.putObject(bucket, key, Buffer.concat(pieces), options))
      if (copy) made.set(name, copy)
      return true
    },
    look,
  }
}

const nameOf = ({ bucket, key, version, versioned }: ObjectRef): string =>
  JSON.stringify([bucket, key, version, versioned])
