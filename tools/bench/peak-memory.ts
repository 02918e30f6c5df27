import { readFileSync } from 'node:fs'

const kib = 1024

/**
 * MiB of this process's largest resident set since its program began. Linux counts into `maxRSS` also what the process was
 * before, a copy of its parent; VmHWM it begins anew with the program.
 */
export const readPeakMiB = (): number => (linuxPeakKib() ?? process.resourceUsage().maxRSS) / kib

const linuxPeakKib = (): number | undefined => {
  if (process.platform !== 'linux') return undefined
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return peak === undefined ? undefined : Number(peak)
}
