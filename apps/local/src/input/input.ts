import { createReadStream } from 'node:fs'
import type { Stats } from 'node:fs'
import { access, constants, opendir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import type { InputObject } from './input-object.ts'
import { splitLines, unpack } from './line-splitter.ts'
import { isS3Input, listS3Input } from './s3-input.ts'
import { UsageError } from '../usage-error.ts'

const keyOf = (path: string): string => path.split(sep).join('/')

const fileObject = (path: string, key: string, sizeBytes: number): InputObject => ({
  key,
  sizeBytes,
  origin: path,
  open: () => createReadStream(path),
})

const reasonOf = (error: unknown): string => {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return 'there is no such file or folder'
  if (code === 'EACCES' || code === 'EPERM') return 'it may not be read'
  return (error as Error).message
}

const checkReadable = async (path: string): Promise<void> => {
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw new UsageError(`--input ${path}: ${reasonOf(error)}`)
  })
}

/** Stands for what cannot be read: it fails when its turn comes, and holds no other object back. */
const unreadableObject = (origin: string, key: string, error: unknown): InputObject => ({
  key,
  sizeBytes: undefined,
  origin,
  open: () => failing(new Error(reasonOf(error), { cause: error })),
})

/** Names left out so far: those that begin with a dot, files and folders alike. */
interface Hidden {
  count: number
  first?: string
}

/** Files below a folder in the order of their names; links are followed, hidden names are left out. */
async function* listFolder(
  root: string,
  folder: string,
  hidden: Hidden,
  seen: ReadonlySet<string> = new Set(),
): AsyncGenerator<InputObject> {
  const here = await realpath(folder)
  // A link to a folder above would never end.
  if (seen.has(here)) return
  const names: string[] = []
  for await (const entry of await opendir(folder)) names.push(entry.name)
  for (const name of names.sort()) {
    const path = join(folder, name)
    if (name.startsWith('.')) {
      hidden.count += 1
      hidden.first ??= keyOf(relative(root, path))
      continue
    }
    const key = keyOf(relative(root, path))
    const facts = await readFacts(path).catch((error: unknown) => ({ error }))
    if ('error' in facts) yield unreadableObject(path, key, facts.error)
    else if (facts.isDirectory()) yield* listFolder(root, path, hidden, new Set([...seen, here]))
    else if (facts.isFile()) yield fileObject(path, key, facts.size)
  }
}

const readFacts = async (path: string): Promise<Stats> => {
  await access(path, constants.R_OK)
  return stat(path)
}

/** Told once its folder was listed to the end. */
type Tell = (text: string) => void

const tellOnStderr: Tell = (text) => {
  // A terminal may be showing a live line.
  process.stderr.write(process.stderr.isTTY ? `\n${text}\n` : `${text}\n`)
}

async function* listPath(input: string, tell: Tell): AsyncGenerator<InputObject> {
  const path = resolve(input)
  await checkReadable(path)
  const facts = await stat(path)
  if (facts.isDirectory()) {
    const hidden: Hidden = { count: 0 }
    yield* listFolder(path, path, hidden)
    if (hidden.count > 0)
      tell(
        `--input ${input}: left out, for their names begin with a dot: ${hidden.count}, ${hidden.first} first; name such a file or folder itself to load it`,
      )
    return
  }
  if (!facts.isFile()) throw new UsageError(`--input ${input}: it is neither a file nor a folder`)
  yield fileObject(path, basename(path), facts.size)
}

/** Checks what can be checked before anything is started. @throws UsageError */
export const checkInputs = async (inputs: readonly string[]): Promise<void> => {
  for (const input of inputs) {
    if (isS3Input(input)) continue
    await checkReadable(resolve(input))
    const first = await listPath(input, tellOnStderr).next()
    if (first.done) throw new UsageError(`--input ${input}: no files are below this folder`)
  }
}

/**
 * Objects of all inputs, in their order. Tells how many hidden names each folder has: they are left out, since they are marks of
 * other programs (`.git`, `.DS_Store`, checksums of Hadoop) and our own `.silversmith`. @throws UsageError when two objects have
 * one key.
 */
export async function* listInputs(
  inputs: readonly string[],
  tell: Tell = tellOnStderr,
): AsyncGenerator<InputObject> {
  const keys = new Set<string>()
  for (const input of inputs)
    for await (const object of isS3Input(input) ? listS3Input(input) : listPath(input, tell)) {
      if (keys.has(object.key))
        throw new UsageError(
          `--input: two objects have the key ${object.key}; load them one by one`,
        )
      if (inputs.length > 1) keys.add(object.key)
      yield object
    }
}

/** The first objects only. */
export async function* takeObjects(
  objects: AsyncIterable<InputObject>,
  limit: number,
): AsyncGenerator<InputObject> {
  let taken = 0
  for await (const object of objects) {
    yield object
    if (++taken >= limit) return
  }
}

/** `dir/name.jsonl.gz` → `dir/name.00000.jsonl`: the same routes take the parts. */
const partKeyOf = (key: string, part: number): string => {
  const plain = key.replace(/\.gz$/i, '')
  const [, stem = plain, suffix = ''] = /^(.*[^/])(\.[^./]+)$/.exec(plain) ?? []
  return `${stem}.${String(part).padStart(5, '0')}${suffix}`
}

/** The input's bytes as objects of `lines` lines each; one part is in memory at a time. */
export async function* splitObjects(
  objects: AsyncIterable<InputObject>,
  lines: number,
): AsyncGenerator<InputObject> {
  for await (const object of objects) {
    let part = 0
    const pieces = splitLines(unpack(object.open()), lines)[Symbol.asyncIterator]()
    for (;;) {
      const next = await pieces.next().catch((error: unknown) => ({ error }))
      if ('error' in next) {
        yield unreadableObject(object.origin, object.key, next.error)
        break
      }
      if (next.done) break
      const bytes = next.value
      const key = partKeyOf(object.key, part++)
      yield { key, sizeBytes: bytes.length, origin: object.origin, open: () => only(bytes) }
    }
  }
}

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  yield* []
  throw error
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
