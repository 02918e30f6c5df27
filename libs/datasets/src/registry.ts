import type { Dataset, Route } from '@silversmith/core'
import { xapiEvents } from './xapi-events/dataset.ts'
import { xapiStatements } from './xapi-statements/dataset.ts'

/** Every dataset there is. */
export const datasets: readonly Dataset[] = [xapiEvents, xapiStatements]

export const datasetOf = (name: string): Dataset | undefined =>
  datasets.find((dataset) => dataset.name === name)

/** Where objects go when nothing else is said: the layout OLI Torus writes. */
export const defaultRoutes: readonly Route[] = [
  { prefix: 'section/', suffixes: ['.jsonl', '.jsonl.gz'], dataset: xapiEvents.name },
]
