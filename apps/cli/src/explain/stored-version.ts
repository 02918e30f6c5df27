import type { Bronze, ListedObject, ObjectRef } from '@silversmith/core'
import { isMessage, objectOfMessage } from '@silversmith/core'
import type { Call } from '@silversmith/flow'
import { describeFailure } from '@silversmith/flow'

/** A version of an object, and what bronze tells of it; `stored` undefined: it is not there, or is a message. */
export interface StoredVersion {
  readonly object: ObjectRef
  readonly stored: Omit<ListedObject, 'object'> | undefined
}

type Place = Pick<ObjectRef, 'bucket' | 'key'>

/** Versions of one key, newest first; of a message its only one. `problem`: why bronze could not be asked. */
export const findVersions = async (
  bronze: Pick<Bronze, 'list'>,
  { bucket, key }: Place,
  { signal }: Call,
): Promise<{ readonly versions: readonly StoredVersion[]; readonly problem?: string }> => {
  if (isMessage({ bucket })) {
    const object = objectOfMessage({ queueArn: bucket, messageId: key })
    return { versions: [{ object, stored: undefined }] }
  }
  try {
    // A key stands before all that it begins, so that its versions are on the first page.
    const { objects } = await bronze.list(bucket, key, undefined, signal)
    const versions = objects
      .filter(({ object }) => object.key === key)
      .toSorted((a, b) => b.lastModified - a.lastModified)
      .map(({ object, ...stored }) => ({ object, stored }))
    return { versions }
  } catch (error) {
    const { code, message } = describeFailure(error)
    return { versions: [], problem: `${code}: ${message}` }
  }
}

/** One that no listing has, as a row or a person names it. An etag is no versionId. */
export const unlisted = (place: Place, version: string): ObjectRef => ({
  ...{ bucket: place.bucket, key: place.key, version },
  versioned: !isMessage(place) && !/^[\da-f]{32}(-\d+)?$/.test(version),
})
