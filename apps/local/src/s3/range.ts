import { S3Error } from './s3-error.ts'

export interface ByteRange {
  readonly start: number
  /** Bytes. */
  readonly length: number
}

/**
 * `bytes=a-b`, `a-`, `-n` of a body of `sizeBytes`. Undefined: no range, serve it whole (S3 does so for several ranges and
 * for what it cannot read). Throws InvalidRange when nothing of the body is asked for.
 */
export const readRange = (header: string | undefined, sizeBytes: number): ByteRange | undefined => {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes)
  if (start >= sizeBytes || end <= start)
    throw new S3Error('InvalidRange', 'The requested range is not satisfiable', {
      elements: { RangeRequested: header ?? '', ActualObjectSize: String(sizeBytes) },
      headers: { 'content-range': `bytes */${sizeBytes}` },
    })
  return { start, length: end - start }
}
