import type { Dataset } from '@silversmith/core'
import { datasetOf, datasets } from '@silversmith/datasets'
import { UsageError } from '../usage-error.ts'

/** Undefined where none is named. @throws UsageError when one is named that there is not. */
export const needDataset = (name: string | undefined): Dataset | undefined => {
  const found = name === undefined ? undefined : datasetOf(name)
  if (name === undefined || found) return found
  const known = datasets.map((dataset) => dataset.name).join(', ')
  throw new UsageError(`there is no dataset ${name}; there are ${known}`)
}
