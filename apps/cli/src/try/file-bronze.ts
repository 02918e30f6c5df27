import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Bronze, Fault, type Route, routeOf, type Source, sourceIdOf } from '@silversmith/core'
import { UsageError } from '../usage-error.ts'

/** Where files are as objects; no bucket of S3 can be called so. */
export const fileBucket = 'FILE'
const pieceBytes = 1024 ** 2

export interface FileSourceOptions {
  readonly pipeline: string
  readonly routes: readonly Route[]
  /** Undefined: that of the route that accepts the path or, of its ends, the longest. */
  readonly dataset: string | undefined
}

/** A file as a source. Its whole path is its version, so that files of equal ends are told apart. @throws UsageError */
export const sourceOfFile = async (
  path: string,
  { pipeline, routes, dataset }: FileSourceOptions,
): Promise<Source> => {
  const found = await stat(path).catch((error: unknown) => {
    throw new UsageError(`${path}: ${(error as Error).message}`)
  })
  if (!found.isFile()) throw new UsageError(`${path} is no file: name the files themselves`)
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  const ends = parts.map((_, at) => parts.slice(at).join('/'))
  const key = ends.find((end) => routeOf(routes, end) !== undefined) ?? ends[0] ?? path
  const object = { bucket: fileBucket, key, version: resolve(path), versioned: true }
  const chosen = dataset ?? routeOf(routes, key)
  return { id: sourceIdOf(pipeline, object), object, dataset: chosen, generation: 0 }
}

/** Opens files by the paths that are their versions. */
export const createFileBronze = (): Pick<Bronze, 'open'> => ({
  open: async ({ version: path }) => {
    const { size, mtimeMs } = await stat(path).catch((error: unknown) => {
      throw new Fault('OBJECT_GONE', `${path}: ${(error as Error).message}`)
    })
    return {
      ...{ sizeBytes: size, lastModified: Math.floor(mtimeMs) },
      ...{ contentType: undefined, contentEncoding: undefined },
      body: createReadStream(path, { highWaterMark: pieceBytes }),
    }
  },
})
