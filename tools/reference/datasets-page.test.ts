import { readFileSync } from 'node:fs'
import type { Dataset } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { expect, it } from 'vitest'
import { datasetsPage } from './datasets-page.ts'
import { pagePath } from './print-page.ts'

it('tells every column, reason, route and view', () => {
  const page = readFileSync(pagePath, 'utf8')
  for (const { name, tables, rejections = {} } of datasets) {
    const section = page.split('\n## ').find((text) => text.startsWith(`${name}\n`)) ?? ''
    for (const reason of Object.keys(rejections)) expect(section).toContain(`\`${reason}\``)
    for (const { columns, views } of tables)
      for (const one of [...columns, ...views]) expect(section).toContain(`| \`${one.name}\` `)
  }
})

it('tells nested types, paths of two schemes as one, and takes a bar for no border of a cell', () => {
  const text = { type: 'text', nullable: true } as const
  const uuid = { type: 'uuid', nullable: false } as const
  const struct = { struct: { id: uuid, tags: { type: { list: text }, nullable: false } } }
  const dataset: Dataset = {
    ...{ name: 'things', version: 3, description: 'Things', map: () => ({ rows: [] }) },
    rejections: { odd: 'a|b' },
    tables: [
      {
        ...{
          name: 'things',
          description: 'Things',
          indexes: [],
          views: [],
          orderBy: ['timestamp'],
          retentionDays: 30,
        },
        columns: [
          {
            ...{ name: 'timestamp', type: 'timestamp', nullable: false, description: 'When' },
            paths: ['a["http://x/y"]', 'a["https://x/y"]', 'a.y'],
          },
          {
            ...{ name: 'parts', nullable: false, description: 'Parts of <it>' },
            type: { map: { type: struct, nullable: false } },
          },
        ],
      },
    ],
  }
  const page = datasetsPage([dataset], [{ prefix: 'a/', suffixes: [], dataset: 'things' }])
  for (const row of [
    '| `a/` | anything | [`things`](#things) |',
    '| `odd` | a\\|b |',
    '| `timestamp` | `timestamp` | When | `a["http(s)://x/y"]`, `a.y` |',
    '| `parts` | `map<text, struct<id: uuid, tags: list<text?>>>` | Parts of \\<it> |  |',
    '| `uuid` | FIXED_LEN_BYTE_ARRAY | `UUID` |',
  ])
    expect(page).toContain(row)
  expect(page).toContain('Version 3')
  expect(page).toContain('Rows are kept for 30 days')
})
