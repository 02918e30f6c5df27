import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { unzipSync } from 'fflate'
import { buildOptions, bundleApps } from '../../bundle.ts'
import { type Spent, spend } from '../contestant.ts'

export const memoryMb = 512

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

/** The transform function as its zip has it. */
export interface SmallFunction {
  /** One process for one event. @throws when a message is left. */
  invoke(event: object, environment: Readonly<Record<string, string>>): Promise<Spent>
}

const entry = fileURLToPath(new URL('one-invocation.ts', import.meta.url))

export const unpackTransform = async (folder: string): Promise<SmallFunction> => {
  const [bundle] = await bundleApps(['transform'])
  if (!bundle) throw new Error('transform was not bundled')
  for (const [path, contents] of Object.entries(unzipSync(await readFile(bundle.zip)))) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, contents)
  }
  const caller = join(folder, 'one-invocation.mjs')
  await build({ ...buildOptions, entryPoints: [entry], outfile: caller })
  return {
    invoke: async (event, environment) => {
      const eventFile = join(folder, 'event.json')
      await writeFile(eventFile, JSON.stringify(event))
      return spend(
        process.execPath,
        [...heapFlagsOf(memoryMb), caller, join(folder, 'index.mjs'), eventFile],
        { ...environment, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb) },
      )
    },
  }
}
