import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

const fileLinesMax = 350
const testLinesMax = 700
const functionLinesMax = 70
const bannedNames =
  /(^|\/)(utils?|helpers?|common|misc|shared|lib|service|manager)(\/|\.(test\.)?ts$)/

interface Ban {
  readonly pattern: RegExp
  /** Where it holds. */
  readonly where: RegExp
  readonly instead: string
}

const bans: Readonly<Record<string, Ban>> = {
  'the environment': {
    pattern: /process\.env/,
    where: /^(?!apps\/[^/]+\/src\/main\.ts$|apps\/local\/|tools\/|.*\.test\.ts$)/,
    instead: 'read it once in main.ts and hand on what it says',
  },
  'star exports': { pattern: /^export \*/m, where: /./, instead: 'name what you export' },
  'default exports': {
    pattern: /^export default /m,
    where: /^(?!.*\.config\.ts$)/,
    instead: 'a named export',
  },
  'the console': {
    pattern: /\bconsole\./,
    where: /^(libs\/(?!simulation\/)|apps\/(ingest|transform|bulk)\/)(?!.*\.test\.ts$)/,
    instead: 'the Log port',
  },
  'silenced checks': {
    pattern: /@ts-ignore|@ts-nocheck|eslint-disable(?!-next-line .* -- )/,
    where: /./,
    instead: 'types that are true, or one line disabled with its reason after --',
  },
  'work put off': {
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    where: /./,
    instead: 'an issue, or doing it',
  },
  'paths of one machine': {
    pattern: /['"`](\/work\/|\/home\/|\/Users\/|[A-Z]:\\)/,
    where: /./,
    instead: 'a path relative to the file, or a temporary folder',
  },
}

const paths = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'],
  { cwd: root, encoding: 'utf8' },
)
  .trim()
  .split('\n')
  .filter((path) => existsSync(join(root, path)))

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** What `dataset new` writes is called as its data is, and has a line or more for each field of it. */
const isMade = ({ path, text }: { readonly path: string; readonly text: string }): boolean =>
  path.endsWith('/dataset.ts') && /^\/\*\* Made from \d+ records\. /m.test(text)

const files = paths.map((path) => ({ path, text: read(path) })).filter((file) => !isMade(file))

/** Contract suites are tests that several rooms run. */
const isTest = (path: string): boolean => /(\.test|-contract)\.ts$/.test(path)
const isTidy = (path: string): boolean => path === 'tools/tidy.test.ts'

describe('every file', () => {
  test('has a name with a noun in it, in kebab-case', () => {
    const kebab =
      /^([a-z0-9-]+\/)*[a-z0-9]+(-[a-z0-9]+)*(\.(test|property|e2e|bench|config|d))*\.ts$/
    const named = files.map(({ path }) => path)
    expect(named.filter((path) => bannedNames.test(path) || !kebab.test(path))).toEqual([])
  })

  test('fits in the head', () => {
    const linesMaxOf = (path: string): number => (isTest(path) ? testLinesMax : fileLinesMax)
    const long = files.filter(({ path, text }) => text.split('\n').length > linesMaxOf(path))
    expect(long.map(({ path }) => path)).toEqual([])
  })

  test('has functions that fit on a screen', () => {
    const sources = files.filter(({ path }) => !isTest(path))
    expect(sources.flatMap(({ path, text }) => longFunctions(path, text))).toEqual([])
  })

  test('says unknown where it does not know, and looks', () => {
    expect(files.flatMap(({ path, text }) => anyTypes(path, text))).toEqual([])
  })

  test.each(Object.entries(bans))('is without %s', (_, { pattern, where, instead }) => {
    const found = files.filter(
      ({ path, text }) => !isTidy(path) && where.test(path) && pattern.test(text),
    )
    expect(
      found.map(({ path }) => path),
      `use ${instead}`,
    ).toEqual([])
  })
})

describe('the rules', () => {
  test('are not for a dataset that dataset new made', () => {
    const text = read('examples/own-dataset/README.md')
    expect(isMade({ path: 'libs/datasets/src/common/dataset.ts', text })).toBe(true)
    expect(isMade({ path: 'apps/cli/src/common.ts', text })).toBe(false)
  })

  test('catch what they are for', () => {
    expect('libs/core/src/utils.ts').toMatch(bannedNames)
    expect('apps/x/src/helpers/a.ts').toMatch(bannedNames)
    expect('libs/core/src/source.ts').not.toMatch(bannedNames)
    expect(anyTypes('x.ts', 'const f = (a: any) => a')).toEqual(['x.ts:1'])
    expect(
      longFunctions('x.ts', `const f = () => {\n${'  g()\n'.repeat(functionLinesMax)}}`),
    ).toEqual(['x.ts:1'])
  })
})

/** A function's own lines: those of the functions within it are theirs, so that a factory is not the sum of its methods. */
const longFunctions = (path: string, text: string): readonly string[] => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line
  const found: string[] = []
  /** Lines of the functions directly within. */
  const visit = (node: ts.Node): number => {
    let inner = 0
    ts.forEachChild(node, (child) => {
      inner += visit(child)
    })
    if (!ts.isFunctionLike(node)) return inner
    const lines = lineOf(node.getEnd()) - lineOf(node.getStart()) + 1
    if (lines - inner > functionLinesMax) found.push(`${path}:${lineOf(node.getStart()) + 1}`)
    return lines
  }
  visit(source)
  return found
}

const anyTypes = (path: string, text: string): readonly string[] => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword)
      found.push(`${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
