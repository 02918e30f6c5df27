import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .trim()
  .split('\n')

const proseOf = (page: string): string =>
  readFileSync(join(root, page), 'utf8').replaceAll(/^ *```[^]*?^ *```$/gm, '')

/** As GitHub names the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')

const anchorsIn = (page: string): readonly string[] =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading))

const linksOf = (page: string): readonly string[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)|(?:srcset|src)="([^"]+)"/g)]
    .map(([, link, picture]) => link ?? picture ?? '')
    .filter((link) => !/^[a-z]+:/.test(link))

const isDead = (page: string, link: string): boolean => {
  const [path = '', anchor] = link.split('#')
  const place = path === '' ? page : normalize(join(dirname(page), path))
  if (!existsSync(join(root, place))) return true
  return anchor !== undefined && place.endsWith('.md') && !anchorsIn(place).includes(anchor)
}

it.each(pages)('%s links only to what is there', (page) => {
  expect(linksOf(page).filter((link) => isDead(page, link))).toEqual([])
})

it('notices a page and a heading that are not there', () => {
  expect(isDead('README.md', 'docs/runbook.md#alarms')).toBe(false)
  expect(isDead('README.md', 'docs/runbook.md#nowhere')).toBe(true)
  expect(isDead('docs/runbook.md', 'reference/metrics.md')).toBe(true)
})
