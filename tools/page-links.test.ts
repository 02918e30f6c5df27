import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
  {
    ...{ cwd: root, encoding: 'utf8' },
  },
)
  .split('\n')
  .filter((page) => page !== '' && existsSync(join(root, page)))

const textOf = (page: string): string =>
  readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```$/gms, '')

/** As GitHub names the place of a heading. */
const anchorsOf = (page: string): readonly string[] =>
  [...textOf(page).matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

const isThere = (page: string, link: string): boolean => {
  const [path = '', anchor] = link.split('#')
  const to = path === '' ? page : relative(root, join(root, dirname(page), path))
  if (!existsSync(join(root, to))) return false
  return anchor === undefined || anchorsOf(to).includes(anchor)
}

test('pages link to what is there', () => {
  const broken = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link) && !isThere(page, link))
      .map((link) => `${page}: ${link}`),
  )
  expect(broken).toEqual([])
  expect(pages.length).toBeGreaterThan(20)
})
