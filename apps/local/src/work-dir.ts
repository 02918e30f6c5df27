import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeFolder } from './folder.ts'
import { UsageError } from './usage-error.ts'

/** Where a run keeps its state, held by this process alone. */
export interface WorkDir {
  readonly path: string
  /** Lets the next run in. */
  release(): Promise<void>
}

export const defaultDir = '.silversmith/latest'

/** A ClickHouse that is not ours. */
export interface Server {
  readonly url: string
  readonly database: string
}

/**
 * Where the state of loads into a server is kept when no directory is named. It goes with server and database: what a
 * state has claimed is what that server holds, and a new state would load it all again.
 */
export const serverDirOf = ({ url, database }: Server): string => {
  const hash = createHash('sha256').update(`${url}\n${database}`).digest('hex')
  return `.silversmith/server-${hash.slice(0, 8)}`
}

const lockName = 'lock'
const settingsName = 'settings.json'
/** All that a run leaves that is killed as it begins. */
const begun: readonly string[] = [lockName, `${settingsName}.partial`]
/** Looks at a lock whose holder is gone. */
const lockTriesMax = 5

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const takeLock = async (path: string): Promise<void> => {
  const lock = join(path, lockName)
  const mine = JSON.stringify({ pid: process.pid, id: randomUUID() })
  for (let attempt = 0; attempt < lockTriesMax; attempt++) {
    try {
      return await writeFile(lock, mine, { flag: 'wx' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new UsageError(`${path} cannot be written: ${(error as Error).message}`)
    }
    const held = await readFile(lock, 'utf8').catch(() => '')
    const pid = Number(/"pid":(\d+)/.exec(held)?.[1])
    if (pid && isRunning(pid))
      throw new UsageError(
        `another run (process ${pid}) uses ${path}: wait for it, or give this one its own --dir. If ${pid} is no run of silversmith, delete ${lock}`,
      )
    await rm(lock, { force: true })
  }
  throw new UsageError(`${lock} is being taken by other runs: give this one its own --dir`)
}

/** Without targets: no stack has been started there yet. Whole or not at all, a kill may come at any time. */
const writeSettings = async (path: string, settings: Partial<FirstSettings>): Promise<void> => {
  const partial = join(path, `${settingsName}.partial`)
  await writeFile(partial, JSON.stringify(settings))
  await rename(partial, join(path, settingsName))
}

/** A folder of the person's own files is never taken for a state. */
const refuseForeign = async (path: string): Promise<void> => {
  const names = await readdir(path)
  if (names.includes(settingsName) || names.every((name) => begun.includes(name))) return
  throw new UsageError(
    `${path} is not empty and holds no state of a run (no ${settingsName}): name a new or empty folder with --dir`,
  )
}

/**
 * @param dir undefined: the default one, emptied first.
 * @throws UsageError when another run has it, or it is a folder of something else.
 */
export const openWorkDir = async (dir: string | undefined): Promise<WorkDir> => {
  const path = resolve(dir ?? defaultDir)
  await makeFolder(path)
  if (dir !== undefined) await refuseForeign(path)
  await takeLock(path)
  if (dir === undefined)
    for (const name of await readdir(path))
      if (name !== lockName) await rm(join(path, name), { recursive: true, force: true })
  // The folder is ours from now on, whatever becomes of this run.
  if (!(await readdir(path)).includes(settingsName)) await writeSettings(path, {})
  return { path, release: () => rm(join(path, lockName), { force: true }) }
}

/** What a directory was first run with and cannot change. */
export interface FirstSettings {
  readonly targets: readonly string[]
}

/** @throws UsageError when the directory was begun with other targets. */
export const checkFirstSettings = async (path: string, settings: FirstSettings): Promise<void> => {
  const first = await readFile(join(path, settingsName), 'utf8')
  const { targets } = JSON.parse(first) as Partial<FirstSettings>
  if (targets !== undefined && targets.join(',') !== settings.targets.join(','))
    throw new UsageError(
      `${path} was begun with --target ${targets.join(',')}, which a pipeline keeps: use that, or another --dir`,
    )
}

/** From here on the directory has these targets. A run that was refused never comes here. */
export const keepFirstSettings = async (path: string, settings: FirstSettings): Promise<void> =>
  writeSettings(path, { targets: settings.targets })
