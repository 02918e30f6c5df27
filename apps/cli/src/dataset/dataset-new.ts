import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Dataset } from '@silversmith/core'
import {
  column,
  columnsMax,
  createInference,
  createRowDataset,
  type Inferred,
  mapFixture,
  pathText,
  writeOutcome,
} from '@silversmith/datasets'
import type { Answer } from '../answer.ts'
import { quote } from '../called-name.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { addToRegistry, folderOf, writeDataset } from './dataset-source.ts'
import { badLines, createFixtureLines } from './fixture-lines.ts'
import { readSample, type SampleFile } from './sample-file.ts'
import { UsageError } from '../usage-error.ts'

/** This checkout: datasets are its source. */
const checkout = fileURLToPath(new URL('../../../../', import.meta.url))
const datasetsFolder = 'libs/datasets/src'
const pathOf = (name: string): string => `${datasetsFolder}/${folderOf(name)}`

/** A sample, and what it says. */
interface Finding {
  readonly sample: SampleFile
  readonly inferred: Inferred
  /** Fields that were a time at least once. */
  readonly times: readonly string[]
  /** Of the fixture. */
  readonly lines: readonly string[]
}

const look = async ({ file, time }: CommandOf<'dataset new'>): Promise<Finding> => {
  const inference = createInference()
  const fixture = createFixtureLines()
  const sample = await readSample(file, (text) => {
    const isObject = inference.add(text)
    if (isObject) fixture.offer(text)
    return isObject
  })
  const refused = refusedText(sample)
  if (sample.records === 0)
    throw new UsageError(`--from ${file}: it has no JSON objects${refused && `: ${refused}`}`)
  const times = inference.times()
  const inferred = inference.infer({ time })
  if (!inferred)
    throw new UsageError(
      `--time ${time}: nothing there is a time such as 2026-01-31T12:00:00Z; fields that are: ${listTimes(times) || 'none'}`,
    )
  if (inferred.columns.length === 0)
    throw new UsageError(`--from ${file}: its JSON objects have no fields`)
  return { sample, inferred, times, lines: fixture.lines() }
}

const timesShownMax = 10

const listTimes = (times: readonly string[]): string => times.slice(0, timesShownMax).join(', ')

const refusedText = ({ refused }: SampleFile): string =>
  Object.entries(refused)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ')

const datasetOf = (name: string, { columns, time }: Inferred): Dataset =>
  createRowDataset({
    ...{ name, version: 1, description: '', time: time ?? 'object', orderBy: ['timestamp'] },
    rules: columns.map(({ name: own, type, path }) => column(own, type, path)),
  })

/** Path below the dataset's folder → text. */
const filesOf = (name: string, { inferred, lines, sample }: Finding) => {
  const dataset = datasetOf(name, inferred)
  return {
    'dataset.ts': writeDataset(name, inferred, sample.records),
    ...fixtureOf(dataset, 'sample', lines),
    ...fixtureOf(dataset, 'rejected', badLines(inferred.time)),
  }
}

const fixtureOf = (dataset: Dataset, name: string, lines: readonly string[]) => {
  const text = lines.map((line) => `${line}\n`).join('')
  const { rows, rejected } = mapFixture(dataset, Buffer.from(text))
  return {
    [`fixtures/${name}.jsonl`]: text,
    [`fixtures/${name}.rows.json`]: writeOutcome(rows),
    [`fixtures/${name}.rejected.json`]: writeOutcome(rejected),
  }
}

/** As `npm run format` would leave it. */
const format = async (path: string, text: string): Promise<string> => {
  const prettier = await import('prettier')
  const config = await prettier.resolveConfig(join(checkout, '.prettierrc'), {
    editorconfig: false,
  })
  return prettier.format(text, { ...config, filepath: path })
}

const write = async (
  root: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<void> => {
  const folder = join(root, pathOf(name))
  const registry = join(root, datasetsFolder, 'registry.ts')
  const added = addToRegistry(await readFile(registry, 'utf8'), name)
  if (added === undefined) throw new Error(`${registry} has no list inFolders to add a dataset to`)
  await mkdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new UsageError(`${folder} is there already; nothing is overwritten`)
  })
  try {
    await mkdir(join(folder, 'fixtures'))
    for (const [path, text] of Object.entries(files))
      await writeFile(
        join(folder, path),
        path.endsWith('.ts') ? await format(join(folder, path), text) : text,
      )
    // Whole or not at all: everything that is started reads it.
    const fresh = `${registry}.${process.pid}`
    await writeFile(fresh, await format(registry, added))
    await rename(fresh, registry)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Looks at a sample and writes a dataset for its like into `root`, a checkout. Nothing that is there is overwritten. */
export const runDatasetNew = async (
  command: CommandOf<'dataset new'>,
  root: string = checkout,
): Promise<Answer> => {
  const { name } = command
  const finding = await look(command)
  await write(root, name, filesOf(name, finding))
  const { sample, inferred, lines } = finding
  return {
    document: {
      ...{
        dataset: name,
        folder: pathOf(name),
        time: inferred.time ?? null,
      },
      ...{ columns: inferred.columns, fixtureLines: lines.length, sample },
    },
    text: tell(command, finding),
    code: 0,
  }
}

const tellTime = ({ inferred: { time, timed }, times, sample }: Finding): readonly string[] => {
  if (!time)
    return [
      "timestamp is the object's Last-Modified: no field is a time in every record",
      ...(times.length > 0 ? [`--time takes one that is in some: ${listTimes(times)}`] : []),
    ]
  const missing = sample.records - timed
  return [
    `timestamp is ${pathText(time)}`,
    ...(missing > 0
      ? [`no time is there in ${counted(missing, 'record')} of the sample, which are rejected`]
      : []),
    ...(times.length > 1 ? [`--time takes another: ${listTimes(times)}`] : []),
  ]
}

const tell = ({ name, file }: CommandOf<'dataset new'>, finding: Finding): string => {
  const { sample, inferred, lines } = finding
  const { columns, isCut } = inferred
  const width = Math.max(...columns.map((own) => own.name.length))
  const refused = refusedText(sample)
  return [
    `${counted(columns.length, 'column')} from ${sample.isWhole ? '' : 'the first '}${counted(sample.records, 'record')}`,
    ...columns.map(
      ({ name: own, type }) =>
        `  ${own.padEnd(width)}  ${typeof type === 'string' ? type : 'decimal'}`,
    ),
    ...(isCut ? [`there are more than ${columnsMax} fields: the others are in _rescued`] : []),
    ...(refused ? [`no JSON objects: ${refused}`] : []),
    ...tellTime(finding),
    `${pathOf(name)}: its definition, and ${counted(lines.length, 'line')} of the sample as a fixture: look whether they may be shown`,
    `objects below bronze/${name}/ are its own; ROUTES names other keys`,
    'npm run reference writes it into docs/reference/datasets.md',
    `to load it: npm start -- --input ${quote(file)} --dataset ${name}`,
  ].join('\n')
}
