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

it.each([
  [xapiEvents, events],
  [xapiStatements, statements],
])('the page tells every reason of $name', ({ rejections = {} }, section) => {
  for (const reason of Object.keys(rejections)) expect(section).toContain(`\`${reason}\``)
})
