import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Fault } from '@silversmith/core'

/** A running ClickHouse. */
export interface ClickHouseEngine {
  /** Base URL of its HTTP interface. */
  readonly url: string
  readonly pid: number
  /** Lets running statements end, then stops it. */
  close(): Promise<void>
  /** SIGKILL, as a crash would. What was acknowledged is there after a start on the same folder. */
  kill(): Promise<void>
}

const startMsMax = 60_000
const closeMsMax = 30_000

/**
 * Starts the real ClickHouse engine in a process of its own, with its data in `dir` (one process per folder).
 *
 * @throws Fault SETTINGS_INVALID where the engine does not exist for this platform; TARGET_UNAVAILABLE when it did not start.
 */
export const startClickHouse = async ({
  dir,
  port = 0,
}: {
  readonly dir: string
  readonly port?: number
}): Promise<ClickHouseEngine> => {
  const door = fileURLToPath(new URL('./door.ts', import.meta.url))
  const child = spawn(process.execPath, [door, '--dir', dir, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const problems: string[] = []
  child.stderr?.on('data', (part: Buffer) => {
    problems.push(part.toString('utf8'))
    problems.splice(0, problems.length - 20)
  })
  const ended = once(child, 'exit')
  try {
    const listening = await readPort(child, ended, problems)
    return {
      url: `http://127.0.0.1:${listening}`,
      pid: child.pid ?? 0,
      close: () => end(child, ended, 'SIGTERM'),
      kill: () => end(child, ended, 'SIGKILL'),
    }
  } catch (error) {
    await end(child, ended, 'SIGKILL')
    throw error
  }
}

const readPort = async (
  child: ChildProcess,
  ended: Promise<unknown>,
  problems: readonly string[],
): Promise<number> => {
  if (!child.stdout) throw new Error('the door was started without a pipe')
  const lines = createInterface({ input: child.stdout })
  const first = once(lines, 'line', { signal: AbortSignal.timeout(startMsMax) })
  const line = await Promise.race([
    first.then(([text]) => String(text)).catch(() => undefined),
    ended.then(() => undefined),
  ])
  const { port, problem } = line === undefined ? {} : (JSON.parse(line) as Announcement)
  if (port !== undefined) return port
  if (problem)
    throw new Fault(
      'SETTINGS_INVALID',
      `No local ClickHouse: ${problem}. Run with --target silver, or name a server with CLICKHOUSE_URL.`,
    )
  throw new Fault(
    'TARGET_UNAVAILABLE',
    `The local ClickHouse did not start${problems.length > 0 ? `: ${problems.join('').slice(-500)}` : ''}. ` +
      'Is another process using its folder?',
  )
}

interface Announcement {
  readonly port?: number
  readonly problem?: string
}

const end = async (
  child: ChildProcess,
  ended: Promise<unknown>,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  const limit = setTimeout(() => child.kill('SIGKILL'), closeMsMax)
  await ended
  clearTimeout(limit)
}
