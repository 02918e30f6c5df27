import { createReadStream, createWriteStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { InputObject } from '@silversmith/local'
import { type MadeStatements, makeStatements } from './made-statements.ts'

/** How large the inputs are. */
export interface Scale {
  /** Of the large object; a tenth of it of the one in gzip. */
  readonly gigabytes: number
  readonly objects: number
  readonly days: number
}

/** What a function of 512 MB is given in one invocation. */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** `folder`: for files that are gone when their object is uploaded. */
  make(scale: Scale, folder: string): Promise<MadeObjects>
}

export interface MadeObjects {
  readonly objects: readonly InputObject[]
  /** Of each object; its records are the statements that follow those of the one before. */
  readonly statements: readonly number[]
}

const gigabyte = 1e9
const statementsPerObject = 40
const lineBytes = 15e6
const gzipLevel = 1

const objectOf = (key: string, sizeBytes: number, open: InputObject['open']): InputObject => ({
  ...{ key: `section/1/${key}`, sizeBytes, origin: key, open },
})

/** As many as fit. */
const countFor = (statements: MadeStatements, bytes: number): number => {
  let [low, high] = [1, bytes]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (statements.sizeOf(middle) <= bytes) low = middle
    else high = middle - 1
  }
  return low
}

const large: Scenario = {
  name: 'large',
  title: 'one large object',
  make: async ({ gigabytes }) => {
    const statements = await makeStatements(1)
    const count = countFor(statements, gigabytes * gigabyte)
    const open = () => statements.pieces(0, count)
    return {
      objects: [objectOf('large.jsonl', statements.sizeOf(count), open)],
      statements: [count],
    }
  },
}

const many: Scenario = {
  name: 'many',
  title: 'many objects over many days',
  make: async ({ objects, days }) => {
    const statements = await makeStatements(days)
    return {
      objects: Array.from({ length: objects }, (_, n) => {
        const [from, to] = [n * statementsPerObject, (n + 1) * statementsPerObject]
        const sizeBytes = statements.sizeOf(to) - statements.sizeOf(from)
        return objectOf(`${n}.jsonl`, sizeBytes, () => statements.pieces(from, to))
      }),
      statements: Array.from({ length: objects }, () => statementsPerObject),
    }
  },
}

/** Its size is known only once it is made. */
const gzip: Scenario = {
  name: 'gzip',
  title: 'one gzip object',
  make: async ({ gigabytes }, folder) => {
    const statements = await makeStatements(1)
    const bytesMax = (gigabytes * gigabyte) / 10
    const path = join(folder, 'large.jsonl.gz')
    const file = createWriteStream(path)
    let count = 0
    const lines = async function* (): AsyncGenerator<Buffer> {
      const step = 1_000
      for (; file.bytesWritten < bytesMax; count += step)
        yield* statements.pieces(count, count + step)
    }
    await pipeline(lines, createGzip({ level: gzipLevel }), file)
    const { size } = await stat(path)
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield* createReadStream(path)
      await rm(path)
    }
    return { objects: [objectOf('large.jsonl.gz', size, open)], statements: [count] }
  },
}

/** One statement whose answer fills the line. */
const lineOf = (name: string, title: string, answerOf: (bytes: number) => unknown): Scenario => ({
  name,
  title,
  make: async () => {
    const statements = await makeStatements(1)
    const statement = JSON.parse(statements.line(0)) as Record<string, unknown>
    const withAnswer = (input: unknown): Buffer =>
      Buffer.from(`${JSON.stringify({ ...statement, result: { response: { input } } })}\n`)
    const body = withAnswer(answerOf(lineBytes - withAnswer('').length))
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield body
    }
    return { objects: [objectOf(`${name}.jsonl`, body.length, open)], statements: [1] }
  },
})

const words = 'the answer of a student who knows no end; '
const textOf = (bytes: number): string =>
  words.repeat(Math.ceil(bytes / words.length)).slice(0, bytes)

const partBytes = 24
const partsOf = (bytes: number): unknown =>
  Array.from({ length: Math.floor(bytes / partBytes) }, (_, n) => ({
    ...{ n: n % 100_000, a: [n % 10_000] },
  }))

const line = lineOf('line', 'one line of 15 MB, a long text', textOf)
const parts = lineOf('parts', 'one line of 15 MB, small parts', partsOf)

export const scenarios: readonly Scenario[] = [large, many, gzip, line, parts]
