import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** MiB by name: the most that any process of the name ever held, as Linux tells it. */
export interface Peaks {
  readonly most: Readonly<Record<string, number>>
  stop(): Promise<void>
}

const lookMs = 500

const readPeak = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024)
}

/** Looks at the processes again and again, for the last half second of one may be missed. */
export const watchPeaks = (
  pidsOf: () => Readonly<Record<string, readonly (number | undefined)[]>>,
): Peaks => {
  const most: Record<string, number> = {}
  const ending = new AbortController()
  const watch = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      for (const [name, pids] of Object.entries(pidsOf()))
        for (const pid of pids)
          if (pid !== undefined) most[name] = Math.max(most[name] ?? 0, await readPeak(pid))
      await sleep(lookMs, undefined, { signal: ending.signal }).catch(() => undefined)
    }
  }
  const watching = watch()
  return {
    most,
    stop: async () => {
      ending.abort()
      await watching
    },
  }
}
