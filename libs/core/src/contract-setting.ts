import { type Contract, contractNames, type Contracts } from './contract.ts'
import { type Parser, setting } from './setting.ts'

/** `shipments=freeze,xapi_events=evolve` */
const parseContracts: Parser<Contracts> = (text) => {
  const parts = text.split(',').map((part) => part.trim().split('='))
  const named: [string, Contract][] = []
  for (const [dataset = '', word = '', ...rest] of parts) {
    const contract = contractNames.find((one) => one === word)
    if (dataset === '' || contract === undefined || rest.length > 0)
      return {
        problem: `must be dataset=contract, separated by commas; contracts are ${contractNames.join(', ')}`,
      }
    if (named.some(([name]) => name === dataset)) return { problem: `names ${dataset} twice` }
    named.push([dataset, contract])
  }
  return { value: Object.fromEntries(named) }
}

export const contractProblems = (
  contracts: Contracts,
  datasets: readonly { readonly name: string }[],
): readonly string[] => {
  const known = datasets.map(({ name }) => name)
  return Object.keys(contracts)
    .filter((dataset) => !known.includes(dataset))
    .map((dataset) => `CONTRACTS names the dataset ${dataset}; known are ${known.join(', ')}`)
}

export const contractsSetting = setting<Contracts>({
  name: 'CONTRACTS',
  parse: parseContracts,
  default: {},
  description:
    'what becomes of records with values that fit no column, by dataset: rescue, evolve, freeze or discard_row; rescue by default',
})
