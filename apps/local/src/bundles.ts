import { copyFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export const functionNames = ['ingest', 'transform', 'bulk'] as const
export type FunctionName = (typeof functionNames)[number]

/** Function → ESM file that exports `handler`. */
export type Bundles = Readonly<Record<FunctionName, string>>

interface BundleTool {
  bundleApps(): Promise<readonly { readonly name: FunctionName; readonly file: string }[]>
}

/** By name at run time: the tool belongs to the workspace, not to a package this one could import. */
const toolUrl = new URL('../../../tools/bundle.ts', import.meta.url)

/** Bundles the functions as they are deployed, and copies them to `dir`: a later build does not touch a stack that runs. */
export const bundleFunctions = async (dir: string): Promise<Bundles> => {
  const tool = (await import(toolUrl.href)) as BundleTool
  const made = await tool.bundleApps()
  const copy = async (name: FunctionName): Promise<string> => {
    const source = made.find((bundle) => bundle.name === name)?.file
    if (source === undefined) throw new Error(`tools/bundle.ts made no bundle of ${name}`)
    const file = join(dir, name, 'index.mjs')
    await mkdir(dirname(file), { recursive: true })
    await copyFile(source, file)
    return file
  }
  return {
    ingest: await copy('ingest'),
    transform: await copy('transform'),
    bulk: await copy('bulk'),
  }
}
