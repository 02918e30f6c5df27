import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { cellsOf, comingFromPath, printComingFrom } from './coming-from-page.ts'
import { theirSettings } from './coming-from-settings.ts'
import { refusedSettingOf, takenSettingOf } from './known-settings.ts'

const page = readFileSync(comingFromPath, 'utf8')

it('docs/coming-from.md has the settings as the functions take them: run npm run reference', async () => {
  expect(page).toBe(await printComingFrom())
})

it('tells each setting of each system in its section', () => {
  for (const [heading, settings] of Object.entries(theirSettings)) {
    const section = page.split('\n## ').find((text) => text.startsWith(`${heading}\n`)) ?? ''
    for (const { name } of settings)
      expect(section).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, 'm'))
  }
})

it('knows a setting by its older names, and what is refused by its reason', () => {
  expect(cellsOf({ name: 'CLICKHOUSE_USERNAME', byDefault: '' })[2]).toBe(
    'the same; also `CLICKHOUSE_USER`',
  )
  expect(cellsOf({ name: 'CLICKHOUSE_TIMEOUT_SECONDS', byDefault: '30' })).toEqual([
    ...['`CLICKHOUSE_TIMEOUT_SECONDS`', '30', 'the same', '30'],
    'longest time of one INSERT, in all (transform and bulk)',
  ])
  expect(cellsOf({ name: 'CLICKHOUSE_INSERT_SQL', byDefault: '' })[2]).toBe('refused')
  expect(() => cellsOf({ name: 'NOBODY_KNOWS_IT', byDefault: '' })).toThrow(/say in/)
})

it('every setting of ours that the page names is one', () => {
  const known = new Set(Object.values(theirSettings).flatMap((all) => all.map(({ name }) => name)))
  const words = [...page.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g)].map(
    ([, name]) => name ?? '',
  )
  const strange = words.filter(
    (name) => !known.has(name) && !takenSettingOf(name) && !refusedSettingOf(name),
  )
  // Of the command line, and of the shell.
  expect(new Set(strange)).toEqual(new Set([]))
})
