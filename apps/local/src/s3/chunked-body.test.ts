import { describe, expect, it } from 'vitest'

import { createChunkDecoder } from './chunked-body.ts'

const signature = `chunk-signature=${'a'.repeat(64)}`
const bodies = {
  'unsigned with a trailer':
    '5\r\nhello\r\n8\r\n \r\n more\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
  'signed with a trailer': `5;${signature}\r\nhello\r\n8;${signature}\r\n \r\n more\r\n0;${signature}\r\nX-Amz-Checksum-Crc32:AAAAAA==\n\r\nx-amz-trailer-signature:b\r\n\r\n`,
  'signed without trailers': `D;${signature}\r\nhello \r\n more\r\n0;${signature}\r\n\r\n`,
}

const decode = (body: Buffer, pieceBytes: number) => {
  const decoder = createChunkDecoder()
  const payload: Buffer[] = []
  for (let at = 0; at < body.length; at += pieceBytes)
    payload.push(...decoder.push(body.subarray(at, at + pieceBytes)))
  return { decoder, text: Buffer.concat(payload).toString() }
}

describe('an aws-chunked body', () => {
  it.each(Object.entries(bodies))('%s is read however it is cut', (name, body) => {
    for (let pieceBytes = 1; pieceBytes <= body.length; pieceBytes++) {
      const { decoder, text } = decode(Buffer.from(body), pieceBytes)
      expect(text).toBe('hello \r\n more')
      expect(decoder.ended).toBe(true)
      const checksum = name.endsWith('a trailer') ? 'AAAAAA==' : undefined
      expect(decoder.trailers.get('x-amz-checksum-crc32')).toBe(checksum)
    }
  })

  it('that stops early has not ended', () => {
    expect(decode(Buffer.from('5\r\nhello\r\n'), 100).decoder.ended).toBe(false)
  })

  it.each(['zz\r\n', '3\r\nhello\r\n', '\r\n', `${'1'.repeat(5000)}`])(
    'that is malformed is refused',
    (body) => {
      expect(() => decode(Buffer.from(body), 100)).toThrow('malformed')
    },
  )
})
