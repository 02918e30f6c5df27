import { readdir, readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'

/** A file of the page as a browser gets it. */
export interface Asset {
  readonly contentType: string
  readonly body: string
}

const here = new URL('./', import.meta.url)
const isModule = (name: string): boolean => name.endsWith('.ts') && !name.endsWith('.test.ts')

const readModule = async (path: string): Promise<Asset> => ({
  contentType: 'text/javascript; charset=utf-8',
  // The browser gets what is written here, types blanked out: nothing is built.
  body: stripTypeScriptTypes(await readFile(new URL(path, here), 'utf8')),
})

/** Path → file; there are no others. */
export const readAssets = async (): Promise<ReadonlyMap<string, Asset>> => {
  const read = (name: string): Promise<string> => readFile(new URL(name, here), 'utf8')
  const modules = (await readdir(new URL('browser/', here))).filter(isModule)
  const paths = modules.map((name) => `browser/${name}`)
  return new Map([
    ['/', { contentType: 'text/html; charset=utf-8', body: await read('index.html') }],
    ['/style.css', { contentType: 'text/css; charset=utf-8', body: await read('style.css') }],
    ...(await Promise.all(
      paths.map(async (path) => [`/${path}`, await readModule(path)] as const),
    )),
  ])
}
