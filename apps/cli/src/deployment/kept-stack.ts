import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../usage-error.ts'

/** What a local stack that runs says of itself in `<dir>/stack.json`. */
export interface KeptStack {
  readonly pid: number
  readonly invokeUrl: string
  readonly clickhouse: { readonly url: string; readonly database: string } | null
  /** By the names the functions know them by. */
  readonly settings: Readonly<Record<string, string>>
  /** Its AWS takes any, or is one that needs the person's. */
  readonly credentials: 'any' | 'yours'
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Undefined: no stack runs there. */
export const findKeptStack = async (dir: string): Promise<KeptStack | undefined> => {
  const text = await readFile(join(dir, 'stack.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const stack = JSON.parse(text) as KeptStack
  return isRunning(stack.pid) ? stack : undefined
}

/** @throws UsageError that says how to start one. */
export const needKeptStack = async (dir: string): Promise<KeptStack> => {
  const stack = await findKeptStack(dir)
  if (stack) return stack
  throw new UsageError(
    `no local stack runs in ${dir}: start one with npm start -- --keep, in another terminal`,
  )
}
