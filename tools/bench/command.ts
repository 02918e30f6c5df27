import { parseArgs } from 'node:util'
import type { Bench, OptionValues } from './bench.ts'
import { benches } from './benches.ts'
import { commitOf, machineOf } from './machine.ts'
import { writePage } from './page.ts'
import { UsageError } from './usage-error.ts'

const optionsWidth = 20

const usage = (): string =>
  [
    'npm run bench -- <bench> [--json] [--page FOLDER] [options of the bench]',
    '',
    `  ${'--json'.padEnd(optionsWidth)}one JSON document, last on standard output`,
    `  ${'--page FOLDER'.padEnd(optionsWidth)}writes <bench>.md and <bench>.svg there`,
    ...Object.entries(benches).flatMap(([name, { summary, options }]) => [
      '',
      `${name}: ${summary}`,
      ...Object.entries(options).map(
        ([option, { value, means }]) => `  ${`--${option} ${value}`.padEnd(optionsWidth)}${means}`,
      ),
    ]),
    '',
  ].join('\n')

const readArguments = (args: readonly string[]) => {
  const names = Object.values(benches).flatMap(({ options }) => Object.keys(options))
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
        json: { type: 'boolean', default: false },
        page: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message.split('. To specify')[0])
  }
}

const benchOf = (positionals: readonly string[]): readonly [string, Bench] => {
  const known = Object.keys(benches).join(', ')
  const [name, ...more] = positionals
  if (name === undefined) throw new UsageError(`which bench? There are ${known}; --help says more`)
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined
  if (!bench) throw new UsageError(`there is no bench "${name}"; there are ${known}`)
  if (more.length > 0) throw new UsageError(`one bench at a time, not also "${more.join(' ')}"`)
  return [name, bench]
}

/** The bench's own options with their defaults. */
const optionsFor = (name: string, { options }: Bench, given: object): OptionValues => {
  for (const key of Object.keys(given))
    if (!Object.hasOwn(options, key)) throw new UsageError(`--${key} is no option of ${name}`)
  return {
    ...Object.fromEntries(Object.entries(options).map(([key, one]) => [key, one.default])),
    ...given,
  }
}

/** As anybody can give it anywhere. */
const commandOf = (name: string, { options }: Bench, given: object): string =>
  [
    `npm run bench -- ${name}`,
    ...Object.entries(given).map(([key, value]) =>
      options[key]?.isPath ? `--${key} ${options[key].value}` : `--${key} ${value}`,
    ),
  ].join(' ')

/** Progress, on a line that is written anew, and so must not be longer than a line. */
export const tell = (what: string): void => {
  const { isTTY, columns } = process.stderr
  if (isTTY) process.stderr.write(`\r\x1b[K${columns > 0 ? what.slice(0, columns - 1) : what}`)
}

/** @throws UsageError when the command is not written as it must be. */
export const runCommand = async (args: readonly string[]): Promise<void> => {
  const { values, positionals } = readArguments(args)
  const { json, page: folder, help, ...given } = values
  if (help) return void process.stdout.write(usage())
  const [name, bench] = benchOf(positionals)
  const { document, text, page } = await bench.run(optionsFor(name, bench, given), tell)
  tell('')
  const [machine, commit] = [machineOf(), commitOf()]
  if (folder !== undefined) {
    const command = commandOf(name, bench, given)
    const path = await writePage(page, { folder, name, command, machine, commit })
    process.stderr.write(`${path} is written\n`)
  }
  console.log(json ? JSON.stringify({ bench: name, machine, commit, ...document }, null, 2) : text)
}
