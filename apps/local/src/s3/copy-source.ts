import type { Backend } from './backend.ts'
import { checkCopySource } from './conditions.ts'
import { findVersion } from './read-operations.ts'
import type { S3Request } from './request.ts'
import { headerOf } from './request.ts'
import { S3Error } from './s3-error.ts'
import type { Version } from './version.ts'

export interface CopySource {
  readonly version: Version & { readonly blob: string }
  /** Whether the request named a version. */
  readonly pinned: boolean
}

const invalid = (): S3Error =>
  new S3Error(
    'InvalidArgument',
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    { elements: { ArgumentName: 'x-amz-copy-source' } },
  )

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid()
  }
}

/** `[/]bucket/key[?versionId=…]`, url-encoded or not; the object must be there and meet the copy's conditions. */
export const findCopySource = (backend: Backend, request: S3Request): CopySource => {
  // Node reads header bytes as latin1; an unencoded key is UTF-8.
  const header = headerOf(request, 'x-amz-copy-source') ?? ''
  const raw = Buffer.from(header, 'latin1').toString('utf8').replace(/^\//, '')
  const [, path = '', id] = /^(.*?)(?:\?versionId=([^?]*))?$/s.exec(raw) ?? []
  const decoded = decode(path).replace(/^\//, '')
  const slash = decoded.indexOf('/')
  if (slash < 1 || slash === decoded.length - 1) throw invalid()
  const pinned = id !== undefined && id !== ''
  const version = findVersion(
    backend,
    decoded.slice(0, slash),
    decoded.slice(slash + 1),
    pinned ? decode(id) : undefined,
  )
  checkCopySource(request, version)
  return { version, pinned }
}
