import { sampleTypes } from '@silversmith/datasets'
import type { CommandOf } from '../command.ts'
import { generatedFormats } from '../command.ts'
import type { Given } from '../given.ts'
import { numberOf, oneOf, refuseArguments } from '../given.ts'
import { UsageError } from '../usage-error.ts'

const recordsMax = 100_000_000
const recordsDefault = 100
const seedMax = 2 ** 32 - 1

/** @throws UsageError */
export const readGenerate = (given: Given): CommandOf<'generate'> => {
  refuseArguments(given)
  const { type, format: asked = 'jsonl', out: file, json = false } = given.values
  if (type === undefined) throw new UsageError(`generate needs --type ${sampleTypes.join('|')}`)
  if (!file) throw new UsageError('generate needs --out FILE')
  const format = oneOf('format', asked, generatedFormats)
  if (format === 'json' && !/\.json$/i.test(file))
    throw new UsageError(`an array is read as such from a file named .json only, not from ${file}`)
  return {
    ...{ kind: 'generate', type: oneOf('type', type, sampleTypes), format, file, json },
    count: numberOf(given, 'count', recordsDefault, recordsMax),
    seed: numberOf(given, 'seed', 1, seedMax),
  }
}
