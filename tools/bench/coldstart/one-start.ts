import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { readPeakMiB } from '../peak-memory.ts'

/** What a process took until a function was ready for its first event. */
export interface Start {
  /** From the start of the process. */
  readonly ms: number
  /** User and system time of all threads. */
  readonly cpuMs: number
  /** Largest resident set. */
  readonly peakMiB: number
}

/** Process entry: loads the function that its argument names, as Lambda does. */
const [, , bundle = ''] = process.argv
const { handler } = (await import(pathToFileURL(bundle).href)) as { handler?: unknown }
const ms = performance.now()
if (typeof handler !== 'function') throw new Error('Error: it exports no handler')
const { userCPUTime, systemCPUTime } = process.resourceUsage()
const start: Start = { ms, cpuMs: (userCPUTime + systemCPUTime) / 1e3, peakMiB: readPeakMiB() }
writeSync(1, `\n${JSON.stringify(start)}\n`)
process.exit(0)
