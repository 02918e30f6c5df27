import type { Check } from './catalog.ts'
import type { S3Request } from './request.ts'
import { headerOf } from './request.ts'
import { S3Error, noSuchKey, notImplemented, preconditionFailed } from './s3-error.ts'
import type { Version } from './version.ts'

const bareEtag = (text: string): string => text.trim().replace(/^W\//, '').replaceAll('"', '')

const matches = (condition: string, etag: string): boolean =>
  condition.split(',').some((each) => each.trim() === '*' || bareEtag(each) === etag)

// HTTP dates have whole seconds; so has Last-Modified.
const secondsOf = (date: string | undefined): number | undefined => {
  const at = date === undefined ? NaN : Date.parse(date)
  return Number.isNaN(at) ? undefined : Math.floor(at / 1000)
}

interface ReadConditions {
  readonly match: string | undefined
  readonly noneMatch: string | undefined
  readonly modifiedSince: string | undefined
  readonly unmodifiedSince: string | undefined
}

const judge = (version: Version, conditions: ReadConditions): 'failed' | 'unchanged' | 'holds' => {
  const { match, noneMatch } = conditions
  const modified = Math.floor(version.modified / 1000)
  const modifiedSince = secondsOf(conditions.modifiedSince)
  const unmodifiedSince = secondsOf(conditions.unmodifiedSince)
  if (match !== undefined && !matches(match, version.etag)) return 'failed'
  // RFC 9110 13.2.2: a date counts only where its etag sister is absent.
  if (match === undefined && unmodifiedSince !== undefined && modified > unmodifiedSince)
    return 'failed'
  if (noneMatch !== undefined) return matches(noneMatch, version.etag) ? 'unchanged' : 'holds'
  return modifiedSince !== undefined && modified <= modifiedSince ? 'unchanged' : 'holds'
}

/** GET and HEAD. False: 304, the caller has it already. Throws PreconditionFailed. */
export const checkRead = (request: S3Request, version: Version): boolean => {
  const verdict = judge(version, {
    match: headerOf(request, 'if-match'),
    noneMatch: headerOf(request, 'if-none-match'),
    modifiedSince: headerOf(request, 'if-modified-since'),
    unmodifiedSince: headerOf(request, 'if-unmodified-since'),
  })
  if (verdict === 'failed') throw preconditionFailed('If-Match')
  return verdict === 'holds'
}

/** The source of a copy; there a 304 is a 412 too. */
export const checkCopySource = (request: S3Request, version: Version): void => {
  const verdict = judge(version, {
    match: headerOf(request, 'x-amz-copy-source-if-match'),
    noneMatch: headerOf(request, 'x-amz-copy-source-if-none-match'),
    modifiedSince: headerOf(request, 'x-amz-copy-source-if-modified-since'),
    unmodifiedSince: headerOf(request, 'x-amz-copy-source-if-unmodified-since'),
  })
  if (verdict !== 'holds') throw preconditionFailed('x-amz-copy-source-if-*')
}

/**
 * What a write asks of the object it would replace: If-None-Match: * (there is none) or If-Match (it has this etag).
 * Undefined: it asks nothing. A delete marker counts as no object.
 */
export const readWriteCheck = (request: S3Request): Check | undefined => {
  const match = headerOf(request, 'if-match')
  const noneMatch = headerOf(request, 'if-none-match')
  if (match === undefined && noneMatch === undefined) return undefined
  if (noneMatch !== undefined && noneMatch.trim() !== '*')
    throw notImplemented('If-None-Match with anything but * on a write')
  return (current) => {
    const there = current && !current.marker ? current : undefined
    if (noneMatch !== undefined && there) throw preconditionFailed('If-None-Match')
    if (match === undefined) return
    if (!there) throw noSuchKey(request.key ?? '')
    if (!matches(match, there.etag)) throw preconditionFailed('If-Match')
  }
}

/** DELETE with If-Match, which an absent object fails too. */
export const readDeleteCheck = (match: string | undefined): Check => {
  if (match === undefined) return () => undefined
  return (current) => {
    if (!current || current.marker || !matches(match, current.etag))
      throw preconditionFailed('If-Match')
  }
}

export interface Races {
  /**
   * Runs a conditional write. When the key is deleted meanwhile the condition was judged on a world that is gone:
   * ConditionalRequestConflict, as S3 answers (user guide, "Conditional writes").
   */
  guard<Result>(
    bucket: string,
    key: string,
    check: Check | undefined,
    write: (check: Check) => Promise<Result>,
  ): Promise<Result>
  noteDelete(bucket: string, key: string): void
}

export const createRaces = (): Races => {
  const running = new Map<string, Set<{ deleted: boolean }>>()
  const nameOf = (bucket: string, key: string): string => `${bucket}/${key}`
  return {
    guard: async (bucket, key, check, write) => {
      if (!check) return write(() => undefined)
      const name = nameOf(bucket, key)
      const racers = running.get(name) ?? new Set()
      const racer = { deleted: false }
      running.set(name, racers.add(racer))
      try {
        return await write((current) => {
          check(current)
          if (racer.deleted)
            throw new S3Error(
              'ConditionalRequestConflict',
              'The conditional request cannot succeed due to a conflicting operation against this resource.',
              { elements: { Key: key } },
            )
        })
      } finally {
        racers.delete(racer)
        if (racers.size === 0) running.delete(name)
      }
    },
    noteDelete: (bucket, key) => {
      for (const racer of running.get(nameOf(bucket, key)) ?? []) racer.deleted = true
    },
  }
}
