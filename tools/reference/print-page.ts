import { fileURLToPath } from 'node:url'
import { datasets, defaultRoutes } from '@silversmith/datasets'
import { format, resolveConfig } from 'prettier'
import { datasetsPage } from './datasets-page.ts'

export const pagePath = fileURLToPath(new URL('../../docs/reference/datasets.md', import.meta.url))

/** The page of the datasets there are, formatted. */
export const printPage = async (): Promise<string> => {
  const style = await resolveConfig(pagePath)
  return format(datasetsPage(datasets, defaultRoutes), { ...style, parser: 'markdown' })
}
