import { writeFile } from 'node:fs/promises'
import { pagePath, printPage } from './print-page.ts'

await writeFile(pagePath, await printPage())
