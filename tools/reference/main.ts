import { writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { printPages } from './print-page.ts'

for (const { path, text } of await printPages()) {
  await writeFile(path, text)
  process.stdout.write(`${relative('', path)} is written\n`)
}
