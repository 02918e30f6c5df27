import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { datasets, defaultRoutes } from '@silversmith/datasets'
import { format, resolveConfig } from 'prettier'
import { comingFromPath, printComingFrom } from './coming-from-page.ts'
import { datasetsPage } from './datasets-page.ts'
import { eventsPage } from './events-page.ts'
import { fillRunbook } from './runbook-parts.ts'

const pathOf = (page: string): string =>
  fileURLToPath(new URL(`../../docs/${page}`, import.meta.url))

export const pagePath = pathOf('reference/datasets.md')
export const runbookPath = pathOf('runbook.md')

/** Path of a page → its text, not formatted yet. */
const pages: Readonly<Record<string, () => Promise<string>>> = {
  [pagePath]: async () => datasetsPage(datasets, defaultRoutes),
  [pathOf('reference/events.md')]: async () => eventsPage(),
  [comingFromPath]: printComingFrom,
  [runbookPath]: async () => fillRunbook(await readFile(runbookPath, 'utf8')),
}

/** The pages that are printed, formatted. */
export const printPages = (): Promise<
  readonly { readonly path: string; readonly text: string }[]
> =>
  Promise.all(
    Object.entries(pages).map(async ([path, print]) => {
      const style = await resolveConfig(path)
      return { path, text: await format(await print(), { ...style, parser: 'markdown' }) }
    }),
  )
