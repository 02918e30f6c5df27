import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What a process says of itself at its end; CPU and memory as the operating system accounts for them. */
export interface Spent {
  readonly rows: number
  /** User and system time of all threads, start-up included. */
  readonly cpuSeconds: number
  /** Largest resident set. */
  readonly peakMiB: number
}

const run = promisify(execFile)
const toldCharactersMax = 500
const outputBytesMax = 16 * 1024 * 1024

/** Runs a contestant to its end and reads the last line of its output. */
export const spend = async (command: string, args: readonly string[]): Promise<Spent> => {
  const { stdout } = await run(command, [...args], { maxBuffer: outputBytesMax }).catch(
    (error: { stderr?: string }) => {
      // Node tells a failure with the line of code it is in, and a bundle is one line.
      const told = (error.stderr ?? '').split('\n').filter((line) => /Error|error/.test(line))
      throw new Error(`${args[0]}: ${(told.at(-1) ?? '').slice(0, toldCharactersMax)}`)
    },
  )
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Spent
}

/** To be called last, by a contestant that is a Node process. */
export const report = (rows: number): void => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const spent: Spent = {
    rows,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMiB: maxRSS / 1024,
  }
  console.log(JSON.stringify(spent))
}
