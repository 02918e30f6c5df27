import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkInputs, listInputs, splitObjects, takeObjects } from './input.ts'
import type { InputObject } from './input-object.ts'
import { UsageError } from '../usage-error.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-input-'))
  await mkdir(join(dir, 'tree/b/empty'), { recursive: true })
  await writeFile(join(dir, 'tree/b/two.jsonl'), 'x\ny\nz\n')
  await writeFile(join(dir, 'tree/a one.jsonl'), '1\n')
  await writeFile(join(dir, 'tree/.hidden'), 'no')
  await writeFile(join(dir, 'packed.jsonl.gz'), gzipSync('1\n2\n3\n'))
  await symlink(join(dir, 'tree'), join(dir, 'tree/b/loop'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const collect = async (objects: AsyncIterable<InputObject>) => {
  const found: Record<string, string> = {}
  for await (const object of objects) {
    const parts: Uint8Array[] = []
    for await (const part of object.open()) parts.push(part)
    found[object.key] = Buffer.concat(parts).toString()
  }
  return found
}

it('names objects by their path below the folder given, and a file by its name', async () => {
  expect(await collect(listInputs([join(dir, 'tree')]))).toEqual({
    'a one.jsonl': '1\n',
    'b/two.jsonl': 'x\ny\nz\n',
  })
  expect(await collect(listInputs([join(dir, 'tree/b/two.jsonl')]))).toEqual({
    'two.jsonl': 'x\ny\nz\n',
  })
})

it('says how many hidden names a folder has, and takes one that is named itself', async () => {
  const folder = join(dir, 'hiding')
  await mkdir(join(folder, 'a/.git'), { recursive: true })
  await writeFile(join(folder, 'a/.git/config'), 'no')
  await writeFile(join(folder, 'a/.late.jsonl'), '1\n')
  await writeFile(join(folder, 'b.jsonl'), '2\n')
  const told: string[] = []
  const list = (path: string) => collect(listInputs([path], (text) => told.push(text)))
  expect(await list(folder)).toEqual({ 'b.jsonl': '2\n' })
  expect(told).toEqual([expect.stringMatching(/hiding: left out, .* a dot: 2, a\/\.git first/)])
  expect(await list(join(folder, 'a/.late.jsonl'))).toEqual({ '.late.jsonl': '1\n' })
  expect(await list(join(folder, 'a/.git'))).toEqual({ config: 'no' })
  expect(told).toHaveLength(1)
})

it('takes as many objects as asked for', async () => {
  expect(Object.keys(await collect(takeObjects(listInputs([join(dir, 'tree')]), 1)))).toEqual([
    'a one.jsonl',
  ])
})

it('splits into objects of N lines whose names keep their suffix, and unpacks gzip for it', async () => {
  const split = (path: string) => collect(splitObjects(listInputs([join(dir, path)]), 2))
  expect(await split('packed.jsonl.gz')).toEqual({
    'packed.00000.jsonl': '1\n2\n',
    'packed.00001.jsonl': '3\n',
  })
  expect(await split('tree')).toEqual({
    'a one.00000.jsonl': '1\n',
    'b/two.00000.jsonl': 'x\ny\n',
    'b/two.00001.jsonl': 'z\n',
  })
})

it('refuses two objects of one key', async () => {
  const twice = [join(dir, 'tree/b'), join(dir, 'tree/b/two.jsonl')]
  await expect(collect(listInputs(twice))).rejects.toThrow(/two objects have the key two.jsonl/)
})

it('says what is wrong with an input before anything starts', async () => {
  const check = (path: string) => checkInputs([join(dir, path)])
  await expect(check('none')).rejects.toThrow(UsageError)
  await expect(check('none')).rejects.toThrow(/no such file or folder/)
  await expect(check('tree/b/empty')).rejects.toThrow(/no files are below/)
  await expect(checkInputs(['/dev/null'])).rejects.toThrow(/neither a file nor a folder/)
})

it.skipIf(process.getuid?.() === 0)('says which file may not be read', async () => {
  const path = join(dir, 'locked.jsonl')
  await writeFile(path, '1\n')
  await chmod(path, 0)
  await expect(checkInputs([path])).rejects.toThrow(/may not be read/)
})

it('goes on behind what cannot be read in a folder, whole or split', async () => {
  const folder = join(dir, 'holed')
  await mkdir(folder)
  await symlink(join(dir, 'nowhere.jsonl'), join(folder, 'a.jsonl'))
  await writeFile(join(folder, 'b.jsonl'), '1\n')
  await writeFile(join(folder, 'c.jsonl.gz'), gzipSync('2\n').subarray(0, 15))
  await writeFile(join(folder, 'd.jsonl'), '3\n')
  const read = async (objects: AsyncIterable<InputObject>) => {
    const told: Record<string, string> = {}
    for await (const object of objects) {
      const text = collect(only(object)).then((found) => found[object.key] ?? '')
      told[object.key] = await text.catch((error: unknown) => `! ${(error as Error).message}`)
    }
    return told
  }
  expect(await read(listInputs([folder]))).toMatchObject({
    'a.jsonl': '! there is no such file or folder',
    'b.jsonl': '1\n',
    'd.jsonl': '3\n',
  })
  expect(await read(splitObjects(listInputs([folder]), 5))).toEqual({
    'a.jsonl': '! there is no such file or folder',
    'b.00000.jsonl': '1\n',
    'c.jsonl.gz': expect.stringMatching(/^! unexpected end of file/),
    'd.00000.jsonl': '3\n',
  })
  await expect(checkInputs([folder])).resolves.toBeUndefined()
})

async function* only(object: InputObject): AsyncGenerator<InputObject> {
  yield await Promise.resolve(object)
}
