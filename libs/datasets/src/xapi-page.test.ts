import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { xapiEvents, xapiStatements } from './index.ts'
import { breachRules } from './xapi-statements/breach.ts'

const page = readFileSync(new URL('../../../docs/reference/xapi.md', import.meta.url), 'utf8')
const [, events = '', statements = ''] = page.split('\n## ')

it.each(Object.entries(breachRules))('the page tells the rule %s', (rule, meaning) => {
  const rows = statements.split('\n').map((row) => row.replace(/\s+/g, ' '))
  expect(rows).toContain(`| \`${rule}\` | ${meaning} |`)
})

it.each([
  [xapiEvents, events],
  [xapiStatements, statements],
])('the page names every view of $name', (dataset, section) => {
  for (const { views } of dataset.tables)
    for (const { name } of views) expect(section).toContain(`\`${name}\``)
})

/** Reasons in the fixtures beside those of the reader. */
it.each([
  ['xapi-events', events],
  ['xapi-statements', statements],
])('the page tells every reason of %s', (folder, section) => {
  const files = ['edge-lines', 'json-corners', 'attributions', 'refused', 'times', 'times-and-ids']
  const reasons = files.flatMap((file) => {
    const url = new URL(`./${folder}/fixtures/${file}.rejected.json`, import.meta.url)
    try {
      return JSON.parse(readFileSync(url, 'utf8')) as { readonly reason: string }[]
    } catch {
      return []
    }
  })
  expect(reasons.length).toBeGreaterThan(0)
  for (const { reason } of reasons)
    if (reason !== 'invalid_json') expect(section).toContain(`\`${reason}\``)
})
