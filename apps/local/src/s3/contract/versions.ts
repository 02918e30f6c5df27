import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, it } from 'vitest'

import type { Room } from './room.ts'
import { refusalOf } from './room.ts'

export const describeVersions = (room: Room): void => {
  const { does, setVersioning, put, get, textOf, list } = room
  describe('versions', () => {
    beforeAll(room.open)

    const versionsOf = async (Prefix: string, more: object = {}) => {
      const page = await room.client.send(
        new ListObjectVersionsCommand({ Bucket: room.bucket, Prefix, ...more }),
      )
      return {
        page,
        versions: (page.Versions ?? []).map((each) => each.VersionId),
        markers: (page.DeleteMarkers ?? []).map((each) => each.VersionId),
      }
    }
    const remove = (Key: string, VersionId?: string) =>
      room.client.send(
        new DeleteObjectCommand({ Bucket: room.bucket, Key, ...(VersionId ? { VersionId } : {}) }),
      )

    it('are off until enabled, and what was there before is the null version', async () => {
      const state = () => room.client.send(new GetBucketVersioningCommand({ Bucket: room.bucket }))
      expect((await state()).Status).toBeUndefined()
      expect((await put('v/old', 'old')).VersionId).toBeUndefined()
      await setVersioning('Enabled')
      expect((await state()).Status).toBe('Enabled')
      const { VersionId } = await put('v/old', 'new')
      expect((await versionsOf('v/old')).versions).toEqual([VersionId, 'null'])
      expect(await textOf('v/old', { VersionId: 'null' })).toBe('old')
      expect(await textOf('v/old')).toBe('new')
    })

    it('each keep their bytes and are read by id', async () => {
      const first = await put('v/kept', 'one')
      const second = await put('v/kept', 'two')
      expect(await textOf('v/kept', { VersionId: first.VersionId })).toBe('one')
      expect(await textOf('v/kept', { VersionId: second.VersionId })).toBe('two')
      expect((await get('v/kept')).VersionId).toBe(second.VersionId)
      const { page } = await versionsOf('v/kept')
      expect(page.Versions?.map((each) => each.IsLatest)).toEqual([true, false])
    })

    it('are hidden by a delete marker and return when it is deleted', async () => {
      const { VersionId } = await put('v/marked', 'x')
      const marker = await remove('v/marked')
      expect(marker.DeleteMarker).toBe(true)
      expect(await refusalOf(get('v/marked'))).toBe('404 NoSuchKey')
      expect((await list({ Prefix: 'v/marked' })).KeyCount).toBe(0)
      const listed = await versionsOf('v/marked')
      expect([listed.versions, listed.markers]).toEqual([[VersionId], [marker.VersionId]])
      expect(await textOf('v/marked', { VersionId })).toBe('x')
      await put('v/marked-once', 'x', { IfNoneMatch: '*' })
      await remove('v/marked', marker.VersionId)
      expect(await textOf('v/marked')).toBe('x')
    })

    does('marker-by-id-405')('that are delete markers cannot be read', async () => {
      await put('v/marker', 'x')
      const { VersionId } = await remove('v/marker')
      expect(await refusalOf(get('v/marker', { VersionId }))).toBe('405 MethodNotAllowed')
    })

    it('are removed for good by id; the newest left becomes the latest', async () => {
      const first = await put('v/removed', 'one')
      const second = await put('v/removed', 'two')
      await remove('v/removed', second.VersionId)
      expect(await textOf('v/removed')).toBe('one')
      expect((await versionsOf('v/removed')).versions).toEqual([first.VersionId])
      expect(await refusalOf(get('v/removed', { VersionId: second.VersionId }))).toBe(
        '404 NoSuchVersion',
      )
    })

    it('are copied by id', async () => {
      const first = await put('v/copied', 'one')
      await put('v/copied', 'two')
      const CopySource = `${room.bucket}/v/copied?versionId=${encodeURIComponent(first.VersionId!)}`
      await room.client.send(
        new CopyObjectCommand({ Bucket: room.bucket, Key: 'v/copied', CopySource }),
      )
      expect(await textOf('v/copied')).toBe('one')
    })

    it('are paged without a gap or a repeat', async () => {
      const ids: (string | undefined)[] = []
      for (const key of ['w/1', 'w/2', 'w/3'])
        for (const body of ['a', 'b', 'c']) ids.push((await put(key, body)).VersionId)
      const seen: (string | undefined)[] = []
      let markers: object | undefined = {}
      while (markers) {
        const { page, versions } = await versionsOf('w/', { MaxKeys: 2, ...markers })
        seen.push(...versions)
        markers = page.IsTruncated
          ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
          : undefined
      }
      expect(seen).toHaveLength(9)
      expect([...seen].sort()).toEqual([...ids].sort())
    })

    does('suspended-null-version')('write one null version while suspended', async () => {
      const kept = await put('v/paused', 'kept')
      await setVersioning('Suspended')
      expect((await put('v/paused', 'one')).VersionId).toBe('null')
      await put('v/paused', 'two')
      expect((await versionsOf('v/paused')).versions).toEqual(['null', kept.VersionId])
      expect(await textOf('v/paused')).toBe('two')
      expect((await remove('v/paused')).VersionId).toBe('null')
      const listed = await versionsOf('v/paused')
      expect([listed.versions, listed.markers]).toEqual([[kept.VersionId], ['null']])
      expect(await textOf('v/paused', { VersionId: kept.VersionId })).toBe('kept')
      await setVersioning('Enabled')
    })
  })
}
