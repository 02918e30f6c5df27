const minuteMs = 60_000

/** When each object was made, and when its row came to each target: one number each, for millions of them. */
export const createArrivalMarks = (targets: readonly string[], objectsMax: number) => {
  const madeAt = new Float64Array(objectsMax)
  const cameAt = new Map(targets.map((name) => [name, new Float64Array(objectsMax)]))
  const doubled = new Map(targets.map((name) => [name, 0]))
  let made = 0
  const timesOf = (target: string): Float64Array => {
    const times = cameAt.get(target)
    if (!times) throw new RangeError(`no target ${target}`)
    return times
  }
  return {
    make: (now: number): number => {
      madeAt[made] = now
      made += 1
      return made - 1
    },
    made: (): number => made,
    come: (target: string, object: number, now: number): void => {
      const times = timesOf(target)
      if ((times[object] ?? 0) > 0) doubled.set(target, (doubled.get(target) ?? 0) + 1)
      else times[object] = now
    },
    /** When the last row came of the objects made before then. */
    lastOf: (target: string, madeBefore: number): number => {
      const times = timesOf(target)
      let last = 0
      for (let object = 0; object < made && (madeAt[object] ?? 0) < madeBefore; object += 1)
        last = Math.max(last, times[object] ?? 0)
      return last
    },
    /** Milliseconds from the object to its row; `lost` have none. */
    judge: (target: string): Arrived => {
      const times = timesOf(target)
      const lags: number[] = []
      for (let object = 0; object < made; object += 1)
        if ((times[object] ?? 0) > 0) lags.push((times[object] ?? 0) - (madeAt[object] ?? 0))
      const sorted = Float64Array.from(lags).sort()
      const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0
      return {
        rows: lags.length,
        lost: made - lags.length,
        doubled: doubled.get(target) ?? 0,
        lagSeconds: { p50: seconds(at(0.5)), p999: seconds(at(0.999)), most: seconds(at(1)) },
        withinThreeMinutes: lags.filter((lag) => lag <= 3 * minuteMs).length / Math.max(1, made),
      }
    },
  }
}

export interface Arrived {
  readonly rows: number
  readonly lost: number
  readonly doubled: number
  readonly lagSeconds: { readonly p50: number; readonly p999: number; readonly most: number }
  /** Share of all objects. */
  readonly withinThreeMinutes: number
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10
