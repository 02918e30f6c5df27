import {
  type Architecture,
  architectures,
  figureMeanings,
  limitMeanings,
  priceMeanings,
  readMost,
} from '@silversmith/flow/cost'
import { fileURLToPath } from 'node:url'
import type { Bench } from './bench.ts'
import { stackDeployment, withWindow } from './cost/deployment.ts'
import { readNumbers, wantedLimits, wantedMeasured, wantedPrices } from './cost/inputs.ts'
import { type Question, reportOf } from './cost/report.ts'
import { describeCost, pageOf, type Told } from './cost/telling.ts'
import type { Machine } from './machine.ts'
import { readWhole, UsageError } from './usage-error.ts'

const fileOf = (name: string): string =>
  fileURLToPath(new URL(`../../libs/flow/src/cost/${name}`, import.meta.url))
const bytesPerMb = 1e6

const readArchitecture = (text: string): Architecture => {
  const found = architectures.find((one) => one === text)
  if (found) return found
  throw new UsageError(`--architecture must be ${architectures.join(' or ')}, not "${text}"`)
}

/** Of an event source mapping. */
const windowSecondsMax = 300

const readWindow = (text: string): number => {
  const seconds = readWhole('window', text, 1)
  if (seconds <= windowSecondsMax) return seconds
  throw new UsageError(`--window must be at most ${windowSecondsMax}, as AWS has it, not "${text}"`)
}

/** Computed from measured figures, list prices and quotas: nothing is run. */
export const cost: Bench = {
  summary: 'dollars by size of objects and memory, and which limit is hit first; computed, not run',
  options: {
    measured: {
      ...{ value: 'FILE', isPath: true },
      means: 'figures like libs/flow/src/cost/measured.json, in its place',
    },
    prices: {
      ...{ value: 'FILE', isPath: true },
      means: 'list prices like libs/flow/src/cost/prices.json, in its place',
    },
    limits: {
      ...{ value: 'FILE', isPath: true },
      means: 'quotas like libs/flow/src/cost/limits.json, in its place',
    },
    stream: { value: 'MB', default: '10', means: 'per second, in objects of every size; 10' },
    object: {
      ...{ value: 'BYTES', default: '10000' },
      means: 'size of objects where a table has one; 10000',
    },
    window: {
      ...{ value: 'SECONDS', default: String(stackDeployment.transform.windowSeconds) },
      means: `of both event source mappings, at most ${windowSecondsMax}; the local stack's by default`,
    },
    days: { value: 'N', default: '1', means: 'days the rows of a batch are of; 1' },
    architecture: { value: 'NAME', default: 'x86', means: 'of the functions: x86 or arm; x86' },
  },
  run: async (options) => {
    const { stream = '', object = '', window = '', days = '', architecture = '' } = options
    const measured = await readNumbers(
      options['measured'] ?? fileOf('measured.json'),
      wantedMeasured,
    )
    const prices = await readNumbers(options['prices'] ?? fileOf('prices.json'), wantedPrices)
    const limits = await readNumbers(options['limits'] ?? fileOf('limits.json'), wantedLimits)
    const deployment = withWindow(stackDeployment, readWindow(window))
    const question: Question = {
      inputs: { figures: measured.numbers, prices: prices.numbers, limits: limits.numbers },
      deployment: { ...deployment, architecture: readArchitecture(architecture) },
      streamBytes: readWhole('stream', stream, 1) * bytesPerMb,
      objectBytes: readWhole('object', object, 1),
      days: readWhole('days', days, 1),
    }
    if (readMost(question.inputs, question.deployment, question.objectBytes) === 0)
      throw new UsageError(`--object ${object}: one invocation cannot read it`)
    const told: Told = {
      ...{ question, report: reportOf(question) },
      measuredOn: { machine: machineIn(measured.about), commit: String(measured.about['commit']) },
      sources: [
        { title: `Measured ${measured.date}`, meanings: figureMeanings, source: measured },
        { title: `Prices of ${prices.date}`, meanings: priceMeanings, source: prices },
        { title: `Limits of ${limits.date}`, meanings: limitMeanings, source: limits },
      ],
    }
    const { deployment: settings, streamBytes, objectBytes } = question
    return {
      document: { streamBytes, objectBytes, settings, ...question.inputs, ...told.report },
      text: describeCost(told),
      page: pageOf(told),
    }
  },
}

const machineIn = (about: Readonly<Record<string, unknown>>): Machine => {
  const machine = about['machine'] as Partial<Machine> | undefined
  const { cpu, cores, memoryGiB, node } = machine ?? {}
  if (cpu === undefined || cores === undefined || memoryGiB === undefined || node === undefined)
    throw new UsageError('--measured: machine must have cpu, cores, memoryGiB and node')
  return { cpu, cores, memoryGiB, node }
}
