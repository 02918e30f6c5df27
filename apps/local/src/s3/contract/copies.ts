import { beforeAll, describe, expect, it } from 'vitest'

import type { Room } from './room.ts'
import { md5, quoted, refusalOf } from './room.ts'

export const describeCopies = (room: Room): void => {
  const { does, put, head, textOf, copy } = room
  describe('copies', () => {
    beforeAll(room.open)

    it('carry the metadata of their source, or new ones when told to replace', async () => {
      const Metadata = { origin: 'source' }
      await put('original ä+b', 'copied', { ContentType: 'text/x-own', Metadata })
      const { CopyObjectResult } = await copy('original ä+b', 'carried')
      expect(CopyObjectResult?.ETag).toBe(quoted(md5('copied')))
      expect(await head('carried')).toMatchObject({ ContentType: 'text/x-own', Metadata })
      await copy('original ä+b', 'replaced', {
        MetadataDirective: 'REPLACE',
        ContentType: 'text/y',
        Metadata: { origin: 'copy' },
      })
      const replaced = await head('replaced')
      expect(replaced).toMatchObject({ ContentType: 'text/y', Metadata: { origin: 'copy' } })
      expect(await textOf('replaced')).toBe('copied')
    })

    it('of nothing are refused', async () => {
      expect(await refusalOf(copy('nothing', 'target'))).toBe('404 NoSuchKey')
    })

    does('copy-conditions')('under a failed condition are refused', async () => {
      await put('copyable', 'x')
      const CopySourceIfMatch = '"other"'
      expect(await refusalOf(copy('copyable', 'target', { CopySourceIfMatch }))).toBe(
        '412 PreconditionFailed',
      )
    })

    it('onto themselves must change something', async () => {
      await put('mirror', 'x')
      expect(await refusalOf(copy('mirror', 'mirror'))).toBe('400 InvalidRequest')
      await copy('mirror', 'mirror', { MetadataDirective: 'REPLACE', Metadata: { a: 'b' } })
      expect((await head('mirror')).Metadata).toEqual({ a: 'b' })
    })
  })
}
