import { setTimeout as sleep } from 'node:timers/promises'
import { functionNames } from '../bundles.ts'
import type { FunctionName } from '../bundles.ts'
import type { MortalEngine } from '../kill/mortal-engine.ts'
import { endLeases } from '../leases.ts'
import type { Stack } from '../stack.ts'
import type { Dice } from './dice.ts'
import type { Planned } from './fire-plan.ts'

export interface FireCounts {
  readonly kills: Readonly<Record<FunctionName, number>>
  readonly engineRestarts: number
  /** Of functions and of the engine. */
  readonly pauses: number
  /** Times all leases were ended. */
  readonly leasesEnded: number
}

/** Faults while they happen. */
export interface Fire {
  counts(): FireCounts
  /** Resolves when all that was planned has happened and every process goes on. */
  readonly over: Promise<void>
}

export interface FireOptions {
  readonly stack: Stack
  readonly engine: MortalEngine
  readonly plan: readonly Planned[]
  readonly dice: Dice
  readonly signal: AbortSignal
}

/** Waits for a process to strike: for one of that function, then for one of any. */
const choiceMsMax = 20_000
const victimMsMax = 30_000
const victimPollMs = 20

const send = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

export const startFire = ({ stack, engine, plan, dice, signal }: FireOptions): Fire => {
  const kills = { ingest: 0, transform: 0, bulk: 0 }
  let engineRestarts = 0
  let pauses = 0
  let leasesEnded = 0
  /** Killed processes are among the living until their end is noticed. */
  const killed = new Set<number>()
  let crashing: Promise<void> = Promise.resolve()

  const findVictim = async (name: FunctionName): Promise<{ name: FunctionName; pid: number }> => {
    const startedAt = Date.now()
    for (;;) {
      const waitedMs = Date.now() - startedAt
      for (const one of waitedMs < choiceMsMax ? [name] : functionNames) {
        const [first, ...others] = stack.pids(one).filter((pid) => !killed.has(pid))
        if (first !== undefined) return { name: one, pid: dice.pick([first, ...others]) }
      }
      if (waitedMs > victimMsMax) throw new Error('no process of any function lives')
      await sleep(victimPollMs, undefined, { signal })
    }
  }

  const pause = async (pid: number, ms: number): Promise<void> => {
    if (!send(pid, 'SIGSTOP')) return
    pauses += 1
    await sleep(ms, undefined, { signal }).catch(() => undefined)
    send(pid, 'SIGCONT')
  }

  const crash = async (): Promise<void> => {
    if (signal.aborted) return
    await engine.crash()
    engineRestarts += 1
  }

  const strike = async (fault: Planned): Promise<void> => {
    switch (fault.kind) {
      case 'kill': {
        const victim = await findVictim(fault.name)
        if (!send(victim.pid, 'SIGKILL')) return strike(fault)
        killed.add(victim.pid)
        kills[victim.name] += 1
        return
      }
      case 'pause':
        return pause((await findVictim(fault.name)).pid, fault.ms)
      case 'pause-engine':
        return pause(engine.pid(), fault.ms)
      case 'crash-engine':
        return (crashing = crashing.then(crash))
      case 'end-leases':
        await endLeases(stack.ledger, signal)
        leasesEnded += 1
    }
  }

  const burn = async (): Promise<void> => {
    const startedAt = Date.now()
    const strikes: Promise<void>[] = []
    const failures: unknown[] = []
    for (const fault of plan) {
      const waitMs = startedAt + fault.atMs - Date.now()
      if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted || failures.length > 0) break
      strikes.push(strike(fault).catch((error: unknown) => void failures.push(error)))
    }
    await Promise.all(strikes)
    signal.throwIfAborted()
    if (failures.length > 0) throw failures[0]
  }

  return {
    counts: () => ({ kills: { ...kills }, engineRestarts, pauses, leasesEnded }),
    over: burn(),
  }
}
