import { setImmediate as nextTurn } from 'node:timers/promises'
import { isUnpacking } from './gunzip-work.ts'

/** Virtual time. Events run one by one in order of time, and of planning where times are equal. */
export interface Scheduler {
  now(): number
  /** Plans `run` in `delayMs`; it must not throw. */
  after(delayMs: number, run: () => void): void
  /** Runs events until `isOver` says so, nothing is planned, or `untilMs`; resolves with whether `isOver` said so. */
  run(untilMs: number, isOver: () => boolean): Promise<boolean>
  /** Adds a line to the trace and to its fingerprint. */
  note(line: string): void
  /** Work that real promises do between events, such as encoding a file: no event runs before it ended. */
  hold<Result>(work: Promise<Result>): Promise<Result>
  /** From now on the code under test may use streams, whose ticks only a turn of the real event loop waits for. */
  expectStreams(): void
  readonly eventsRun: number
  /** Equal for runs whose traces are equal, and for practically no others. */
  readonly fingerprint: string
}

interface Planned {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

const isBefore = (a: Planned, b: Planned): boolean =>
  a.at - b.at < 0 || (a.at === b.at && a.order < b.order)

/** Turns of the real event loop cost; one in so many events lets signals and messages in. */
const turnEvery = 1_000

/** A tick waits for all microtasks, those that other microtasks add included. */
const microtasksDone = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

/**
 * The microtasks of the code under test are drained after each event: that code uses no real timers, and its work in the
 * thread pool is waited for, so nothing of it is left when the next event runs, and runs repeat exactly.
 */
export const createScheduler = (
  startMs: number,
  trace: (line: string) => void = () => undefined,
): Scheduler => {
  const heap: Planned[] = []
  let nowMs = startMs
  let planned = 0
  let eventsRun = 0
  let held = 0
  let hasStreams = false
  let low = 0x811c9dc5
  let high = 0x9e3779b9

  const push = (entry: Planned): void => {
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent] as Planned)) break
      heap[at] = heap[parent] as Planned
      at = parent
    }
    heap[at] = entry
  }
  const pop = (): Planned | undefined => {
    const top = heap[0]
    const last = heap.pop()
    if (!top || !last || heap.length === 0) return top
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= heap.length) break
      const right = left + 1
      const child =
        right < heap.length && isBefore(heap[right] as Planned, heap[left] as Planned)
          ? right
          : left
      if (!isBefore(heap[child] as Planned, last)) break
      heap[at] = heap[child] as Planned
      at = child
    }
    heap[at] = last
    return top
  }

  return {
    now: () => nowMs,
    after: (delayMs, run) => push({ at: nowMs + Math.max(0, delayMs), order: (planned += 1), run }),
    run: async (untilMs, isOver) => {
      for (;;) {
        if (isOver()) return true
        const next = heap[0]
        if (!next || next.at > untilMs) return false
        pop()
        nowMs = next.at
        eventsRun += 1
        next.run()
        if (hasStreams || eventsRun % turnEvery === 0) await nextTurn()
        else await microtasksDone()
        while (held > 0 || isUnpacking()) await nextTurn()
      }
    },
    note: (line) => {
      const full = `${nowMs - startMs} ${line}`
      for (let i = 0; i < full.length; i += 1) {
        const code = full.charCodeAt(i)
        low = Math.imul(low ^ code, 0x01000193)
        high = Math.imul(high ^ code, 0x85ebca6b)
      }
      trace(full)
    },
    hold: async (work) => {
      held += 1
      try {
        return await work
      } finally {
        held -= 1
      }
    },
    expectStreams: () => {
      hasStreams = true
    },
    get eventsRun() {
      return eventsRun
    },
    get fingerprint() {
      return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
    },
  }
}
