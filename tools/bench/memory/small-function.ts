import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildOptions, bundleApps } from '../../bundle.ts'
import { type Spent, spend } from '../contestant.ts'
import { heapFlagsOf, unpackFunction } from '../unpacked-function.ts'

export const memoryMb = 512

/** The transform function as its zip has it. */
export interface SmallFunction {
  /** One process for one event. @throws when a message is left. */
  invoke(event: object, environment: Readonly<Record<string, string>>): Promise<Spent>
}

const entry = fileURLToPath(new URL('one-invocation.ts', import.meta.url))

export const unpackTransform = async (folder: string): Promise<SmallFunction> => {
  const [bundle] = await bundleApps(['transform'])
  if (!bundle) throw new Error('transform was not bundled')
  const code = await unpackFunction(bundle, folder)
  const caller = join(folder, 'one-invocation.mjs')
  await build({ ...buildOptions, entryPoints: [entry], outfile: caller })
  return {
    invoke: async (event, environment) => {
      const eventFile = join(folder, 'event.json')
      await writeFile(eventFile, JSON.stringify(event))
      const args = [...heapFlagsOf(memoryMb), caller, code, eventFile]
      const own = { ...environment, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb) }
      return spend(process.execPath, args, own)
    },
  }
}
