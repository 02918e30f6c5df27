import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { UsageError } from './usage-error.ts'
import { checkFirstSettings, keepFirstSettings, openWorkDir, serverDirOf } from './work-dir.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-dir-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

it('lets one run at a time use a directory', async () => {
  const path = join(dir, 'one')
  const held = await openWorkDir(path)
  await expect(openWorkDir(path)).rejects.toThrow(UsageError)
  await expect(openWorkDir(path)).rejects.toThrow(`another run (process ${process.pid}) uses`)
  await held.release()
  await (await openWorkDir(path)).release()
})

it('takes over from a run that was killed', async () => {
  const path = join(dir, 'killed')
  await (await openWorkDir(path)).release()
  await writeFile(join(path, 'lock'), '{"pid":4194305}')
  await (await openWorkDir(path)).release()
})

it('keeps what is in a directory that was named', async () => {
  const path = join(dir, 'kept')
  await (await openWorkDir(path)).release()
  await writeFile(join(path, 'state'), 'x')
  const again = await openWorkDir(path)
  expect((await readdir(path)).sort()).toEqual(['lock', 'settings.json', 'state'])
  await again.release()
})

it('gives each database of each server a directory of its own', () => {
  const mine = { url: 'http://localhost:8123', database: 'mine' }
  expect(serverDirOf(mine)).toMatch(/^\.silversmith\/server-[0-9a-f]{8}$/)
  expect(serverDirOf({ ...mine })).toBe(serverDirOf(mine))
  const others = [
    { ...mine, database: 'other' },
    { ...mine, url: 'http://localhost:8124' },
  ]
  expect(new Set([mine, ...others].map(serverDirOf)).size).toBe(3)
})

it('says when a directory cannot be one', async () => {
  await writeFile(join(dir, 'file'), '')
  await expect(openWorkDir(join(dir, 'file'))).rejects.toThrow(UsageError)
  for (const name of ['file', 'file/below', 'file/far/below'])
    await expect(openWorkDir(join(dir, name))).rejects.toThrow(
      `--dir ${join(dir, name)}: it is a file, or below one: name a folder`,
    )
  // As /proc on Linux: a folder that takes none.
  await expect(openWorkDir('/proc/silversmith')).rejects.toThrow(
    '--dir /proc/silversmith: no folder can be made there',
  )
  await (await openWorkDir(join(dir, 'far/below'))).release()
})

it('takes no folder that holds something else, and leaves it as it was', async () => {
  const path = join(dir, 'photos')
  await mkdir(path)
  await writeFile(join(path, 'a.jpg'), 'x')
  await expect(openWorkDir(path)).rejects.toThrow(UsageError)
  await expect(openWorkDir(path)).rejects.toThrow(/photos is not empty and holds no state of a run/)
  expect(await readdir(path)).toEqual(['a.jpg'])
  await mkdir(join(dir, 'empty'))
  await (await openWorkDir(join(dir, 'empty'))).release()
})

it('refuses other targets than those a directory was begun with', async () => {
  const path = join(dir, 'one')
  // Looking is not beginning.
  await checkFirstSettings(path, { targets: ['clickhouse'] })
  await checkFirstSettings(path, { targets: ['silver'] })
  await keepFirstSettings(path, { targets: ['silver'] })
  await (await openWorkDir(path)).release()
  await checkFirstSettings(path, { targets: ['silver'] })
  await expect(checkFirstSettings(path, { targets: ['silver', 'clickhouse'] })).rejects.toThrow(
    /begun with --target silver,/,
  )
})
