import type { Terrain } from './mutant.ts'
import { findLateBatches } from './promptness.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const silverLatestMs = hourMs

const noteAt = (id: string, day: number): string =>
  `{"id":"${id}","time":"2026-05-0${day}T10:00:00Z","marks":["x"]}\n`

type Script = NonNullable<Terrain['script']>

/** Ten objects at once, so that batches have several sources and workers meet; troubles last half an hour. */
const burst: Script = ({ after, put }) => {
  after(30 * minuteMs, () => undefined)
  for (let n = 0; n < 10; n += 1)
    put(`notes/${n}.jsonl`, noteAt(`${n}a`, 1) + noteAt(`${n}b`, 2) + noteAt(`${n}c`, 3))
}

/** A sweep every second while objects come. */
const manySweeps: Script = (actor) => {
  burst(actor)
  for (let second = 0; second < 60; second += 1) actor.after(second * 1_000, actor.sweepNow)
}

export const crowd: Terrain = { script: burst }

export const sweptCrowd: Terrain = { script: manySweeps }

/** Workers are alive when their leases are over. What looks dead three times is condemned, as it must be. */
export const shortLeases: Terrain = {
  script: manySweeps,
  troubles: { shortVisibility: 1, requestLost: 0.1 },
  mutation: { leaseMarginMs: -55_000 },
  forgiven: 'condemned as poison',
}

/** As `shortLeases`, but nobody sweeps. */
export const unsweptLeases: Terrain = { ...shortLeases, script: burst }

/** Nothing can be read for most of an hour. */
export const bronzeOutage: Terrain = {
  script: (actor) => {
    burst(actor)
    actor.takeDown('BRONZE', 40 * minuteMs)
    actor.after(hourMs, () => undefined)
  },
}

/** A message that is data, and workers that die again and again in the middle of it. */
export const dyingMessages: Terrain = {
  script: ({ after, redrive, send }) => {
    send(noteAt('a', 1))
    for (let hour = 1; hour <= 8; hour += 1) after(hour * hourMs, redrive)
  },
  troubles: { crashBefore: 0.15 },
}

/** Objects of a versioned bucket are loaded, and a reconcile lists them two hours later. */
export const reconciled: Terrain = {
  script: ({ after, put, setBucket, reconcileNow }) => {
    setBucket('versioned')
    for (let n = 0; n < 3; n += 1) put(`notes/${n}.jsonl`, noteAt(`${n}`, n + 1))
    after(2 * hourMs, reconcileNow)
  },
}

/** ClickHouse is away for a working day while objects come; silver must not wait for it. */
export const longOutage: Terrain = {
  script: ({ after, put, takeDown }) => {
    takeDown('CLICKHOUSE', 8 * hourMs, 'throttled')
    for (let n = 0; n < 4; n += 1)
      after(n * 20 * minuteMs, () => put(`notes/${n}.jsonl`, noteAt(`${n}`, n + 1)))
    after(9 * hourMs, () => undefined)
  },
  judge: (trace) => findLateBatches(trace, 'silver', silverLatestMs),
}
