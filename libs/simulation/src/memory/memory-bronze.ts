import { createHash } from 'node:crypto'
import type {
  Bronze,
  BucketState,
  Buckets,
  Clock,
  ListedObject,
  ObjectFacts,
  ObjectRef,
  OpenObject,
} from '@silversmith/core'
import { Fault, identify, objectUri } from '@silversmith/core'
import { refuseAborted } from './aborted-call.ts'

export type { BucketState }

export interface PutOptions {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  /** User metadata. */
  readonly metadata?: Readonly<Record<string, string>>
}

export interface MemoryBronze extends Bronze, Buckets {
  /** Also changes the state of a bucket that is there, as PutBucketVersioning does. */
  setBucket(bucket: string, state: BucketState): void
  /** Returns what an event would tell of the object. */
  putObject(
    bucket: string,
    key: string,
    bytes: Uint8Array,
    options?: PutOptions,
  ): ObjectFacts & { readonly etag: string }
  /** User metadata of a version that is there. */
  metadataOf(object: ObjectRef): Readonly<Record<string, string>> | undefined
  /** A DELETE that names no version. */
  deleteObject(bucket: string, key: string): void
  /** A DELETE of one version, as a lifecycle rule for old versions does. */
  deleteVersion(bucket: string, key: string, versionId: string): void
  /** Is that version readable now? */
  holds(object: ObjectRef): boolean
}

interface Version {
  readonly versionId: string | undefined
  /** Grows with every write. */
  readonly written: number
  readonly etag: string
  /** Undefined: a delete marker. */
  readonly bytes: Uint8Array | undefined
  readonly contentType: string
  readonly contentEncoding: string | undefined
  readonly metadata?: Readonly<Record<string, string>>
  readonly lastModified: number
}

const pieceBytesDefault = 4096
const pageMaxDefault = 1_000
/** As S3 calls what is stored without a type. */
const typeDefault = 'binary/octet-stream'

/** Where a page ended. What is written behind it meanwhile is in no later page, as on S3. */
interface Marker {
  readonly key: string
  readonly written: number
}

const readMarker = (from: string): Marker => JSON.parse(from) as Marker

/** By key, the newest version first, as S3 lists them. */
const compare = (a: Marker, b: Marker): number =>
  Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || b.written - a.written

/** Buckets in maps; bodies come in pieces of `pieceBytes`. `etag` is the MD5 of the bytes, so equal bytes put again have the same one, as on S3. */
export const createMemoryBronze = (
  clock: Pick<Clock, 'now'>,
  pieceBytes = pieceBytesDefault,
  pageMax = pageMaxDefault,
): MemoryBronze => {
  const states = new Map<string, BucketState>()
  /** Newest last. */
  const objects = new Map<string, Version[]>()
  let versionCount = 0
  let writeCount = 0

  const stateOf = (bucket: string): BucketState => {
    const state = states.get(bucket)
    if (!state) throw new Fault('STORE_DENIED', `no bucket ${bucket}`)
    return state
  }
  const versionsOf = (bucket: string, key: string): Version[] => {
    stateOf(bucket)
    const name = JSON.stringify([bucket, key])
    const versions = objects.get(name) ?? []
    objects.set(name, versions)
    return versions
  }
  const add = (
    bucket: string,
    key: string,
    version: Omit<Version, 'versionId' | 'written'>,
  ): Version => {
    const versions = versionsOf(bucket, key)
    const versioned = stateOf(bucket) === 'versioned'
    const versionId = versioned ? `v${(versionCount += 1)}` : undefined
    const added = { ...version, versionId, written: (writeCount += 1) }
    if (!versioned) {
      const inPlace = versions.findIndex(({ versionId }) => versionId === undefined)
      if (inPlace >= 0) versions.splice(inPlace, 1)
    }
    versions.push(added)
    return added
  }
  const find = (object: ObjectRef): Version | undefined => {
    const versions = versionsOf(object.bucket, object.key)
    // The null version also where newer ones lie above it: S3 gives it out as version `null`.
    const version = versions.find(({ versionId }) =>
      object.versioned ? versionId === object.version : versionId === undefined,
    )
    if (!version?.bytes) return undefined
    return object.versioned || version.etag === object.version ? version : undefined
  }
  const refuseGone = (object: ObjectRef, version: Version | undefined): Version => {
    if (!version || !versionsOf(object.bucket, object.key).includes(version))
      throw new Fault(
        'OBJECT_GONE',
        `${objectUri(object)} has no version ${object.version} any more`,
      )
    return version
  }

  return {
    setBucket: (bucket, state) => void states.set(bucket, state),
    stateOf: async (bucket, signal) => {
      refuseAborted(signal)
      return stateOf(bucket)
    },
    putObject: (bucket, key, bytes, options) => {
      const etag = createHash('md5').update(bytes).digest('hex')
      const { versionId } = add(bucket, key, {
        etag,
        bytes: Uint8Array.from(bytes),
        contentType: options?.contentType ?? typeDefault,
        contentEncoding: options?.contentEncoding,
        metadata: options?.metadata ?? {},
        lastModified: clock.now(),
      })
      const told = versionId ?? (stateOf(bucket) === 'suspended' ? 'null' : undefined)
      return { bucket, key, etag, versionId: told }
    },
    deleteObject: (bucket, key) => {
      if (stateOf(bucket) === 'unversioned') versionsOf(bucket, key).length = 0
      else
        add(bucket, key, {
          etag: '',
          bytes: undefined,
          contentType: typeDefault,
          contentEncoding: undefined,
          lastModified: clock.now(),
        })
    },
    deleteVersion: (bucket, key, versionId) => {
      const versions = versionsOf(bucket, key)
      const at = versions.findIndex((version) => (version.versionId ?? 'null') === versionId)
      if (at >= 0) versions.splice(at, 1)
    },
    metadataOf: (object) => find(object)?.metadata,
    holds: (object) => find(object) !== undefined,
    open: async (object, signal): Promise<OpenObject> => {
      refuseAborted(signal)
      const version = refuseGone(object, find(object))
      const bytes = version.bytes ?? new Uint8Array()
      const body = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          refuseAborted(signal)
          refuseGone(object, object.versioned ? version : find(object))
          yield bytes.slice(at, at + pieceBytes)
        }
      }
      return {
        sizeBytes: bytes.length,
        lastModified: version.lastModified,
        contentType: version.contentType,
        contentEncoding: version.contentEncoding,
        body: body(),
      }
    },
    head: async (bucket, key, signal) => {
      refuseAborted(signal)
      const version = versionsOf(bucket, key).at(-1)
      const object = version && identify({ bucket, key, ...version })
      if (!version?.bytes || !object)
        throw new Fault('OBJECT_GONE', `${objectUri({ bucket, key })} is not there`)
      return { ...object, sizeBytes: version.bytes.length }
    },
    list: async (bucket, prefix, from, signal) => {
      refuseAborted(signal)
      stateOf(bucket)
      const after = from === undefined ? undefined : readMarker(from)
      const listed = [...objects].flatMap(([name, versions]) => {
        const [own, key] = JSON.parse(name) as [string, string]
        if (own !== bucket || !key.startsWith(prefix)) return []
        return versions.flatMap(({ versionId, written, etag, bytes, lastModified }) => {
          const object = bytes && identify({ bucket, key, versionId, etag })
          const place = { key, written }
          if (!object || !find(object) || (after && compare(place, after) <= 0)) return []
          return [{ place, listed: { object, etag, sizeBytes: bytes.length, lastModified } }]
        })
      })
      const sorted = listed.toSorted((a, b) => compare(a.place, b.place))
      const page = sorted.slice(0, pageMax)
      const last = page.at(-1)
      return {
        objects: page.map((entry): ListedObject => entry.listed),
        next: last && sorted.length > pageMax ? JSON.stringify(last.place) : undefined,
      }
    },
  }
}
