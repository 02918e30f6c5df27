import type { Backend } from './backend.ts'
import type { Removed } from './catalog.ts'
import { readDeleteCheck } from './conditions.ts'
import { s3Limits } from './limits.ts'
import { receiveText } from './payload.ts'
import type { Reply } from './reply.ts'
import { xmlReply } from './reply.ts'
import type { S3Request } from './request.ts'
import { bucketOf, checkKey, headerOf, keyOf } from './request.ts'
import { S3Error } from './s3-error.ts'
import type { XmlElement } from './xml.ts'
import { childrenOf, malformedXml, readXml, textOf } from './xml.ts'

const remove = async (
  backend: Backend,
  request: S3Request,
  key: string,
  id: string | undefined,
  match: string | undefined,
): Promise<Removed> => {
  const bucket = bucketOf(request)
  const outcome = backend.catalog.remove(bucket, key, id, readDeleteCheck(match))
  const { removed, marker, sequence, released } = outcome
  if (removed || marker) backend.races.noteDelete(bucket, key)
  await backend.blobs.remove(released)
  const happening = { bucket, key, sequence, at: Date.now() }
  if (marker)
    await backend.notify(
      {
        ...happening,
        name: 'ObjectRemoved:DeleteMarkerCreated',
        etag: marker.etag,
        versionId: marker.id,
      },
      request,
    )
  else if (removed)
    await backend.notify(
      { ...happening, name: 'ObjectRemoved:Delete', versionId: removed.id },
      request,
    )
  return outcome
}

/** Absent objects are no error: 204. */
export const deleteObject = async (backend: Backend, request: S3Request): Promise<Reply> => {
  const id = request.query.get('versionId')
  const match = headerOf(request, 'if-match')
  const { removed, marker } = await remove(backend, request, keyOf(request), id, match)
  const version = marker?.id ?? id
  return {
    status: 204,
    headers: {
      'x-amz-delete-marker': marker || (id !== undefined && removed?.marker) ? 'true' : undefined,
      'x-amz-version-id': version,
    },
  }
}

interface Deletion {
  readonly key: string
  readonly id: string | undefined
  readonly match: string | undefined
}

const readDeletions = (document: XmlElement): readonly Deletion[] => {
  const deletions = childrenOf(document, 'Object').map((object) => {
    const key = textOf(object, 'Key')
    if (key === undefined || key === '') throw malformedXml()
    const id = textOf(object, 'VersionId')
    const match = textOf(object, 'ETag')
    return { key, id: id === '' ? undefined : id, match }
  })
  if (deletions.length === 0 || deletions.length > s3Limits.pageKeysMax) throw malformedXml()
  return deletions
}

/** DeleteObjects: each key on its own, its failure in the result. */
export const deleteObjects = async (backend: Backend, request: S3Request): Promise<Reply> => {
  backend.catalog.bucket(bucketOf(request))
  const document = readXml(await receiveText(request, s3Limits.xmlBytesMax), 'Delete')
  const quiet = textOf(document, 'Quiet') === 'true'
  const deleted = []
  const failed = []
  for (const { key, id, match } of readDeletions(document)) {
    try {
      checkKey(key)
      const { removed, marker } = await remove(backend, request, key, id, match)
      const markerId = marker?.id ?? (removed?.marker ? removed.id : undefined)
      deleted.push({
        Key: key,
        VersionId: id,
        DeleteMarker: markerId === undefined ? undefined : true,
        DeleteMarkerVersionId: markerId,
      })
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      failed.push({ Key: key, VersionId: id, Code: error.code, Message: error.message })
    }
  }
  return xmlReply('DeleteResult', { Deleted: quiet ? [] : deleted, Error: failed })
}
