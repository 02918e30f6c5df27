import type { Chunk, Store } from '@silversmith/core'
import { tokenOf } from '@silversmith/core'
import { eventRow, events, stageRows } from '../test-events.ts'
import type { Draws } from './draws.ts'

/** An INSERT of a volley. */
export interface Shot {
  readonly token: string
  readonly chunk: Chunk
  /** `month` is what the pipeline sends: one partition. `months` is many partitions in one INSERT. */
  readonly spread: 'month' | 'months'
  /** Two: a writer that was believed dead sends it too. */
  readonly writers: 1 | 2
  /** Time of each row in epoch µs, by its ordinal. */
  readonly micros: readonly number[]
}

/** INSERTs that are sent at the same time. */
export interface Volley {
  readonly batch: string
  readonly shots: readonly Shot[]
  /** Partitions all writers write together: what the time of a volley goes with. */
  readonly parts: number
}

const shotsMax = 4
const twinProbability = 0.2
const monthRowsMax = 20_000
const monthsMin = 10
const monthsMax = 80
const rowsPerMonthMax = 100
const firstYear = 1990

/** Draws and stages a volley: at least one INSERT of one month and one of many. */
export const stageVolley = async (
  store: Pick<Store, 'write'>,
  batch: string,
  draws: Draws,
): Promise<Volley> => {
  const shots: Shot[] = []
  let parts = 0
  const count = draws.between(2, shotsMax)
  for (let n = 0; n < count; n += 1) {
    const spread = n === 0 || (n > 1 && draws.chance(0.5)) ? 'months' : 'month'
    const writers = draws.chance(twinProbability) ? 2 : 1
    const months = spread === 'months' ? draws.between(monthsMin, monthsMax) : 1
    const micros = months > 1 ? drawMonths(draws, months) : drawMonth(draws)
    const token = tokenOf(batch, n)
    const rows = micros.map((time, record) => [time, ...eventRow(token, record).slice(1)])
    const month = new Date((micros[0] ?? 0) / 1_000).toISOString().slice(0, 7)
    const chunk = { ...(await stageRows(store, events, batch, n, rows)), month }
    shots.push({ token, chunk, spread, writers, micros })
    parts += months * writers
  }
  return { batch, shots, parts }
}

const drawMonth = (draws: Draws): readonly number[] => {
  const start = startOf(draws.between(0, monthsMax - 1))
  return Array.from({ length: draws.between(1, monthRowsMax) }, (_, record) => start + record)
}

/** Neighbouring rows are of different months. */
const drawMonths = (draws: Draws, months: number): readonly number[] => {
  const rows = months * draws.between(1, rowsPerMonthMax)
  return Array.from({ length: rows }, (_, record) => startOf(record % months) + record)
}

/** Epoch µs. */
const startOf = (month: number): number => Date.UTC(firstYear, month) * 1_000
