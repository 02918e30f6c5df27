import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleRecords, sampleTypes } from '@silversmith/datasets'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CommandOf } from '../command.ts'
import { runGenerate } from './generate.ts'
import { UsageError } from '../usage-error.ts'

const { signal } = new AbortController()
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-generate-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const generate = async (name: string, asked: Partial<CommandOf<'generate'>> = {}) => {
  const file = join(dir, name)
  const usual = { type: 'shipments', count: 20, seed: 1, format: 'jsonl', json: false } as const
  const answer = await runGenerate({ kind: 'generate', ...usual, ...asked, file }, signal)
  return { answer, file, text: await readFile(file, 'utf8') }
}

it.each(sampleTypes)('writes %s a line each, the same for the same seed', async (type) => {
  const { answer, file, text } = await generate('a.jsonl', { type, seed: 7 })
  expect(text).toBe([...sampleRecords(type, { seed: 7, count: 20 }), ''].join('\n'))
  expect((await generate('b.jsonl', { type, seed: 7 })).text).toBe(text)
  expect((await generate('b.jsonl', { type, seed: 8 })).text).not.toBe(text)
  expect(answer).toMatchObject({
    document: { type, records: 20, seed: 7, format: 'jsonl', file, bytes: Buffer.byteLength(text) },
    text: expect.stringContaining(`npm start -- --input ${file} --dataset ${type}`),
    code: 0,
  })
})

it('writes the same records as one array', async () => {
  const { text } = await generate('a.json', { format: 'json' })
  const lines = (await generate('a.jsonl')).text.trimEnd().split('\n')
  expect(JSON.parse(text)).toEqual(lines.map((line): unknown => JSON.parse(line)))
  expect(JSON.parse((await generate('a.json', { format: 'json', count: 1 })).text)).toHaveLength(1)
})

it('writes more than fits one piece, and replaces what was there', async () => {
  await writeFile(join(dir, 'many.jsonl'), 'x'.repeat(1_000_000))
  const { text } = await generate('many.jsonl', { count: 3_000 })
  expect(text.split('\n')).toHaveLength(3_001)
})

it('makes the folders of the file', async () => {
  expect((await generate('bronze/shipments/made.jsonl')).text).toContain('shipment_id')
})

it('says what is wrong with a file that cannot be written', async () => {
  await generate('a.jsonl')
  await expect(generate('a.jsonl/b.jsonl')).rejects.toThrow(/a.jsonl: a file is where a folder/)
  await expect(generate('a.jsonl/b.jsonl')).rejects.toBeInstanceOf(UsageError)
  await expect(generate('.')).rejects.toThrow(/it is a folder: name a file of it/)
})
