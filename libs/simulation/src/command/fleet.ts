import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { World } from '../world/world.ts'
import type { Lot, Terms } from './terms.ts'

export interface FleetOptions {
  readonly firstSeed: number
  readonly worlds: number
  readonly processes: number
  readonly terms?: Terms
  /** Called for each world as it ends, in no order. */
  readonly onWorld: (world: World) => void
  /** Called where a world ended its process, or did not end. */
  readonly onLost: (seed: number, why: string) => void
  /** Aborted, the fleet ends at once; worlds under way are not told of. */
  readonly signal?: AbortSignal
}

const processPath = fileURLToPath(new URL('./world-process.ts', import.meta.url))
const lotMax = 25
/** Far longer than the slowest world takes on a busy machine. */
const worldMaxMs = 180_000

/** Lots small enough that no process waits long for the last. */
const splitWorlds = ({ firstSeed, worlds, processes, terms = {} }: FleetOptions): Lot[] => {
  const size = Math.max(1, Math.min(lotMax, Math.ceil(worlds / processes / 4)))
  const lots: Lot[] = []
  for (let at = 0; at < worlds; at += size)
    lots.push({ firstSeed: firstSeed + at, worlds: Math.min(size, worlds - at), terms })
  return lots
}

/**
 * Runs worlds in processes of their own, each world alone in its process and the same whatever the number of these. Resolves
 * when all are done or the signal is aborted; no process is left then.
 */
export const runFleet = async (options: FleetOptions): Promise<void> => {
  const lots = splitWorlds(options)
  const work = async (): Promise<void> => {
    for (let lot = lots.shift(); lot && !options.signal?.aborted; lot = lots.shift()) {
      const rest = await runProcess(lot, lots, options)
      if (rest && rest.worlds > 0) lots.unshift(rest)
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.processes, lots.length) }, work))
}

/** Runs lots in one process until there are none; resolves with what is left of one that the process did not survive. */
const runProcess = (
  first: Lot,
  lots: Lot[],
  { onWorld, onLost, signal }: FleetOptions,
): Promise<Lot | undefined> =>
  new Promise((resolve) => {
    // Not the options of the parent's node: a test runner has its own.
    const child: ChildProcess = fork(processPath, { execArgv: [], serialization: 'advanced' })
    let lot: Lot | undefined = first
    let done = 0
    let isLate = false
    const watchdog = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, worldMaxMs)
    const next = (): void => {
      done = 0
      if (lot) child.send(lot)
      else child.disconnect()
    }
    const stop = (): void => void child.kill('SIGKILL')
    signal?.addEventListener('abort', stop)
    child.on('message', (message: World | 'ready') => {
      watchdog.refresh()
      if (message === 'ready') return next()
      onWorld(message)
      done += 1
      if (done < (lot?.worlds ?? 0)) return
      lot = lots.shift()
      next()
    })
    child.on('exit', (code, killer) => {
      clearTimeout(watchdog)
      signal?.removeEventListener('abort', stop)
      if (!lot || signal?.aborted) return resolve(undefined)
      const seed = lot.firstSeed + done
      const how = killer ? `was killed by ${killer}` : `ended with code ${code}`
      onLost(seed, isLate ? `it took over ${worldMaxMs / 1_000} s` : `its process ${how}`)
      resolve({ ...lot, firstSeed: seed + 1, worlds: lot.worlds - done - 1 })
    })
  })
