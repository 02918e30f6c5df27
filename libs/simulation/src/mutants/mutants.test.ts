import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readTables } from '../table-reader.ts'
import { mutantColumns, tabulateMutants } from './mutants-table.ts'
import { leaseMutants, mutants } from './mutants.ts'
import { runMutants } from './run-mutants.ts'
import { editSource } from './source-edit.ts'

const root = new URL('../../../../', import.meta.url)
const everyMutant = [...mutants, ...leaseMutants]

describe('mutants', () => {
  test('have names of their own', () => {
    const names = everyMutant.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('find the code they break', () => {
    const edits = everyMutant.flatMap((mutant) => mutant.edits ?? [])
    for (const edit of edits) {
      const text = readFileSync(new URL(edit.file, root), 'utf8')
      expect(editSource(text, edit)).not.toBe(text)
    }
  })

  test('an edit that finds its text twice or never is refused', () => {
    const edit = { file: 'some.ts', find: 'done', replace: '' }
    expect(() => editSource('done and done', edit)).toThrow('must find its text once, not 2 times')
    expect(() => editSource('nothing', edit)).toThrow('must find its text once, not 0 times')
  })

  test('are all named in the reference', () => {
    const [table, leases] = readTables(
      readFileSync(new URL('docs/reference/mutants.md', root), 'utf8'),
    )
    expect(table).toEqual([mutantColumns, ...tabulateMutants(mutants)])
    expect(leases).toEqual([mutantColumns, ...tabulateMutants(leaseMutants)])
  })

  test('a broken promise does not go unnoticed', async () => {
    const fates = await runMutants(mutants)
    const survivors = Object.keys(fates).filter((name) => !fates[name]?.killed)
    expect(survivors).toEqual([])
    expect(Object.keys(fates)).toEqual(mutants.map(({ name }) => name))
  })

  test('leases carry no safety: without them no row is lost and none is there twice', async () => {
    const fates = await runMutants(leaseMutants.map((mutant) => ({ ...mutant, worldsMax: 50 })))
    const harmful = Object.entries(fates).filter(([, { killed }]) => killed)
    expect(harmful).toEqual([])
  })
})
