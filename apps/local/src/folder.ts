import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UsageError } from './usage-error.ts'

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** With those above it. Not by a `recursive` mkdir: Node's never returns where a folder takes none, as below /proc. */
const make = async (path: string): Promise<void> => {
  if (await isFolder(path)) return
  if (dirname(path) !== path) await make(dirname(path))
  await mkdir(path).catch(async (error: unknown) => {
    // Another run may have been quicker.
    if (!(await isFolder(path))) throw error
  })
}

const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EEXIST') return 'it is a file, or below one: name a folder'
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOENT')
    return 'no folder can be made there'
  return message
}

/** Makes the folder `--dir` names, an absolute path, where it is not there. @throws UsageError where it cannot be. */
export const makeFolder = (path: string): Promise<void> =>
  make(path).catch((error: unknown) => {
    throw new UsageError(`--dir ${path}: ${reasonOf(error)}`)
  })
