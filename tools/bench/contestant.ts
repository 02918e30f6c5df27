import { execFile } from 'node:child_process'
import { writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { readPeakMiB } from './peak-memory.ts'

/** What a process says of itself at its end, as the operating system accounts for it. */
export interface Spent {
  /** User and system time of all threads, start-up included. */
  readonly cpuSeconds: number
  /** Largest resident set. */
  readonly peakMiB: number
}

/** Something that does the same work as we do, in a process of its own. */
export interface Contestant {
  /** In the JSON document. */
  readonly name: string
  /** For a person. */
  readonly title: string
  /** Its last line of output is its Spent. */
  run(): Promise<Spent>
}

const runFile = promisify(execFile)
const toldCharactersMax = 500
const outputBytesMax = 16 * 1024 * 1024
const hangMs = 1_800_000

/** Runs a command to its end, with variables besides our own, and reads the last line of its output. */
export const spend = async <Told = Spent>(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Told> => {
  const { stdout } = await runFile(command, [...args], {
    maxBuffer: outputBytesMax,
    timeout: hangMs,
    env: { ...process.env, OMP_NUM_THREADS: '1', ...environment },
  }).catch((error: { readonly stderr?: string; readonly message: string }) => {
    // Node tells a failure with the line of code it is in, and a bundle is one line.
    const told = (error.stderr ?? '').split('\n').filter((line) => /Error|error/.test(line))
    const why = told.at(-1) ?? error.message
    throw new Error(
      `${args.find((one) => !one.startsWith('-'))}: ${why.slice(0, toldCharactersMax)}`,
    )
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Told
}

/** True when the command ends well: what a contestant needs is there. */
export const works = async (command: string, args: readonly string[]): Promise<boolean> =>
  runFile(command, [...args]).then(
    () => true,
    () => false,
  )

/** Called by a contestant that is a Node process: tells at its exit what it has spent. */
export const reportAtExit = (): void => {
  process.once('exit', (code) => {
    if (code !== 0) return
    const { userCPUTime, systemCPUTime } = process.resourceUsage()
    const spent: Spent = {
      cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
      peakMiB: readPeakMiB(),
    }
    writeSync(1, `${JSON.stringify(spent)}\n`)
  })
}
