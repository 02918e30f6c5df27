import { readPeakMiB } from '../peak-memory.ts'
import type { Tallies } from './request-tally.ts'

/** What a process has spent since it started, and the requests it made. */
export interface Spending {
  readonly pid: number
  /** User and system time of all threads. */
  readonly cpuSeconds: number
  /** Largest resident set. */
  readonly peakMiB: number
  readonly requests: Tallies
}

export const spendingOf = (requests: Tallies): Spending => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  return {
    pid: process.pid,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMiB: readPeakMiB(),
    requests,
  }
}

const mark = '{"spending":'

export const writeSpending = (spending: Spending): string => JSON.stringify({ spending })

/** Undefined for any other line a function prints. */
export const readSpending = (line: string): Spending | undefined =>
  line.startsWith(mark) ? (JSON.parse(line) as { readonly spending: Spending }).spending : undefined
