import { createHash } from 'node:crypto'

/** Namespace of ids made from content hashes; never change it: ids would change with it. */
const namespace = Buffer.from('6f1d1c0e5b7a4c53a1f29d8f6e7b2c41', 'hex')

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const isUuid = (text: string): boolean => pattern.test(text)

/** UUID version 5 (RFC 9562, 5.5) of a record's content hash: the same line has the same id wherever it lies. */
export const uuidOfHash = (hash: string): string => {
  const bytes = createHash('sha1').update(namespace).update(hash).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
