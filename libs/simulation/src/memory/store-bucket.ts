import { createHash } from 'node:crypto'
import { type Bronze, Fault, type ListedObject, objectUri } from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'
import type { MemoryStore } from './memory-store.ts'

const pieceBytes = 4096

/** Bronze that also reads the files of a store, as the unversioned bucket of that name; `lastModified` is always 0 there. */
export const withStoreBucket = (bronze: Bronze, store: MemoryStore, bucket: string): Bronze => {
  const listed = (key: string, bytes: Uint8Array): ListedObject => {
    const version = createHash('md5').update(bytes).digest('hex')
    const object = { bucket, key, version, versioned: false }
    return { object, etag: version, sizeBytes: bytes.length, lastModified: 0 }
  }
  const find = (key: string, version?: string) => {
    const file = store.files.get(key)
    const found = file && listed(key, file.bytes)
    if (!file || !found || (version !== undefined && found.object.version !== version))
      throw new Fault(
        'OBJECT_GONE',
        `${objectUri({ bucket, key })} is not there as version ${version}`,
      )
    return { ...found, bytes: file.bytes }
  }
  return {
    open: async (object, signal) => {
      if (object.bucket !== bucket) return bronze.open(object, signal)
      refuseAborted(signal)
      const { bytes, sizeBytes, lastModified } = find(object.key, object.version)
      const body = async function* () {
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          refuseAborted(signal)
          yield bytes.slice(at, at + pieceBytes)
        }
      }
      return {
        sizeBytes,
        lastModified,
        contentType: undefined,
        contentEncoding: undefined,
        body: body(),
      }
    },
    head: async (own, key, signal) => {
      if (own !== bucket) return bronze.head(own, key, signal)
      refuseAborted(signal)
      const { object, sizeBytes } = find(key)
      return { ...object, sizeBytes }
    },
    list: async (own, prefix, from, signal) => {
      if (own !== bucket) return bronze.list(own, prefix, from, signal)
      refuseAborted(signal)
      const keys = [...store.files.keys()].filter((key) => key.startsWith(prefix)).sort()
      const objects = keys.map((key) => listed(key, store.files.get(key)!.bytes))
      return { objects, next: undefined }
    },
  }
}
