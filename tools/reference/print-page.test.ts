import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { faults, metrics } from '@silversmith/core'
import { expect, it } from 'vitest'
import { command } from './datasets-page.ts'
import { printPages } from './print-page.ts'

const pages = await printPages()

it.each(pages)(`$path is what the code says: else run ${command}`, ({ path, text }) => {
  expect(readFileSync(path, 'utf8')).toBe(text)
})

it('prints every page', () => {
  expect(pages.map(({ path }) => basename(path))).toEqual([
    'datasets.md',
    'events.md',
    'coming-from.md',
    'runbook.md',
  ])
})

const commandPattern = /`silversmith [a-z-]+/

it.each(Object.entries(faults))('%s names the command to run', (_, { remedy }) => {
  expect(remedy).toMatch(commandPattern)
})

it.each(
  Object.entries(metrics).flatMap(([name, { alarm }]) => (alarm ? [[name, alarm] as const] : [])),
)('the alarm of %s names the command to run', (_, { action }) => {
  expect(action).toMatch(commandPattern)
})
