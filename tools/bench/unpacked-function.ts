import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { unzipSync } from 'fflate'
import type { Bundle } from '../bundle.ts'

/** Puts into a folder what a function's zip holds. Gives the file that exports `handler`. */
export const unpackFunction = async ({ zip }: Bundle, folder: string): Promise<string> => {
  for (const [path, contents] of Object.entries(unzipSync(await readFile(zip)))) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, contents)
  }
  return join(folder, 'index.mjs')
}

/**
 * What Lambda's bootstrap of the nodejs runtimes starts Node with: a tenth of the memory for the young generation, half of it
 * a semi-space, and the rest for the old one.
 */
export const heapFlagsOf = (memoryMb: number): readonly string[] => {
  const youngMb = Math.floor(memoryMb / 10)
  return [
    '--expose-gc',
    '--max-http-header-size=81920',
    `--max-semi-space-size=${Math.floor(youngMb / 2)}`,
    `--max-old-space-size=${memoryMb - youngMb}`,
  ]
}
