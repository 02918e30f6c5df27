import { hash } from 'node:crypto'

/** Namespace of ids made from content hashes; never change it: ids would change with it. */
const namespace = Buffer.from('6f1d1c0e5b7a4c53a1f29d8f6e7b2c41', 'hex')

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const isUuid = (text: string): boolean => pattern.test(text)

const hashBytes = 64
/** Namespace and name, as they are hashed; written anew by each call. */
const named = Buffer.concat([namespace, Buffer.alloc(hashBytes)])
/** The two high bits of a variant's digit are 10. */
const variants = '89ab'

/** UUID version 5 (RFC 9562, 5.5) of a record's content hash, 64 hex digits: the same line has the same id wherever it lies. */
export const uuidOfHash = (contentHash: string): string => {
  named.write(contentHash, namespace.length, 'latin1')
  const hex = hash('sha1', named, 'hex')
  const variant = variants[parseInt(hex[16] as string, 16) & 3] as string
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
