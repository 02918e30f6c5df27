import { contractNames, type Contracts, overwriteNames, type Overwrites } from './contract.ts'
import { type Parser, setting } from './setting.ts'

/** `shipments=freeze,xapi_events=evolve`: a word for each dataset named. */
const parseByDataset =
  <Word extends string>(words: readonly Word[]): Parser<Readonly<Record<string, Word>>> =>
  (text) => {
    const named: [string, Word][] = []
    for (const part of text.split(',')) {
      const [dataset = '', given = '', ...rest] = part.trim().split('=')
      const word = words.find((one) => one === given)
      if (dataset === '' || word === undefined || rest.length > 0)
        return {
          problem: `must be dataset=word, separated by commas; words are ${words.join(', ')}`,
        }
      if (named.some(([name]) => name === dataset)) return { problem: `names ${dataset} twice` }
      named.push([dataset, word])
    }
    return { value: Object.fromEntries(named) }
  }

/** Problems of a setting that names datasets. */
const strangers = (
  setting: string,
  names: readonly string[],
  datasets: readonly { readonly name: string }[],
): readonly string[] => {
  const known = datasets.map(({ name }) => name)
  return names
    .filter((dataset) => !known.includes(dataset))
    .map((dataset) => `${setting} names the dataset ${dataset}; known are ${known.join(', ')}`)
}

export const contractProblems = (
  {
    contracts = {},
    overwrites = {},
  }: {
    readonly contracts?: Contracts | undefined
    readonly overwrites?: Overwrites | undefined
  },
  datasets: readonly { readonly name: string }[],
): readonly string[] => [
  ...strangers('CONTRACTS', Object.keys(contracts), datasets),
  ...strangers('OVERWRITES', Object.keys(overwrites), datasets),
]

export const overwritesSetting = setting<Overwrites>({
  name: 'OVERWRITES',
  parse: parseByDataset(overwriteNames),
  default: {},
  description:
    'what a new version of an object does to the rows of the older ones, by dataset: append keeps them all, supersede shows the newest only; append by default',
})

export const contractsSetting = setting<Contracts>({
  name: 'CONTRACTS',
  parse: parseByDataset(contractNames),
  default: {},
  description:
    'what becomes of records with values that fit no column, by dataset: rescue, evolve, freeze or discard_row; rescue by default',
})
