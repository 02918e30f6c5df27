import { writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { pagePath, printPage } from './print-page.ts'

await writeFile(pagePath, await printPage())
process.stdout.write(`${relative('', pagePath)} is written\n`)
