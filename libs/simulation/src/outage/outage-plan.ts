export const targetNames = ['silver', 'clickhouse'] as const
export type TargetName = (typeof targetNames)[number]

export interface OutageOptions {
  /** The one that is down. */
  readonly target: TargetName
  readonly hours: number
  readonly objectsPerSecond: number
  readonly onProgress?: (virtualHours: number, objects: number) => void
}

export const secondMs = 1_000
export const minuteMs = 60 * secondMs
export const hourMs = 60 * minuteMs
/** Before the outage, and after it while objects go on coming. */
const healthyMs = 10 * minuteMs
const afterMs = 30 * minuteMs
/** One minute of each hour has so many times as many objects. */
const burstFactor = 10
const minutesPerHour = 60

/** Epoch ms of what happens, and how many objects come. */
export interface OutagePlan {
  readonly startAt: number
  readonly upAt: number
  readonly endAt: number
  readonly objectsMax: number
  readonly target: TargetName
  readonly isDown: (name: TargetName, now: number) => boolean
  /** From the object made now to the next. */
  readonly gapMs: (now: number) => number
}

export const planOutage = ({ target, hours, objectsPerSecond }: OutageOptions): OutagePlan => {
  const startAt = Date.UTC(2026, 5, 1)
  const downAt = startAt + healthyMs
  const upAt = downAt + hours * hourMs
  const endAt = upAt + afterMs
  const perHour = (objectsPerSecond * hourMs * (minutesPerHour + burstFactor)) / minutesPerHour
  return {
    ...{ startAt, upAt, endAt, target },
    objectsMax: Math.ceil(((endAt - startAt) / hourMs + 1) * (perHour / secondMs)),
    isDown: (name, now) => name === target && now >= downAt && now < upAt,
    gapMs: (now) => {
      const isBurst = Math.floor(now / minuteMs) % minutesPerHour === 0
      return secondMs / (objectsPerSecond * (isBurst ? burstFactor : 1))
    },
  }
}
