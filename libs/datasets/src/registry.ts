import type { Dataset, Route } from '@silversmith/core'
import { invoiceLines } from './invoice-lines/dataset.ts'
import { rawObjects } from './raw-objects/dataset.ts'
import { shipments } from './shipments/dataset.ts'
import { sqsMessages } from './sqs-messages/dataset.ts'
import { trackingEvents } from './tracking-events/dataset.ts'
import { xapiEvents } from './xapi-events/dataset.ts'
import { xapiStatements } from './xapi-statements/dataset.ts'

/** Datasets whose objects lie in a folder of their name, `bronze/<name>/`; `silversmith dataset new` adds to them. */
const inFolders: readonly Dataset[] = [shipments, trackingEvents, invoiceLines]

/** Every dataset there is. */
export const datasets: readonly Dataset[] = [
  ...[xapiEvents, xapiStatements, sqsMessages],
  ...inFolders,
  rawObjects,
]

export const datasetOf = (name: string): Dataset | undefined =>
  datasets.find((dataset) => dataset.name === name)

/** Where objects go when nothing else is said: the layout OLI Torus writes, and a folder for each type of record. */
export const defaultRoutes: readonly Route[] = [
  { prefix: 'section/', suffixes: ['.jsonl', '.jsonl.gz'], dataset: xapiEvents.name },
  ...inFolders.map(({ name }) => ({ prefix: `bronze/${name}/`, suffixes: [], dataset: name })),
]
