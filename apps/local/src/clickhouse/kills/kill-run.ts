import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { qualify } from '@silversmith/clickhouse'
import { events } from '../test-events.ts'
import { createDraws } from './draws.ts'
import { addProblem, createFigures } from './kill-figures.ts'
import type { KillFigures } from './kill-figures.ts'
import { startMortalRoom } from './mortal-room.ts'
import type { MortalRoom } from './mortal-room.ts'
import { lookAtLast, runRound, sendVolley } from './round.ts'
import { stageVolley } from './volley.ts'
import type { Volley } from './volley.ts'

export interface KillRunOptions {
  readonly kills: number
  /** Decides what is sent, and which part of the time of an undisturbed volley passes before each kill. */
  readonly seed: number
  readonly onRound?: (figures: Readonly<KillFigures>) => void
  /** Aborted: no more rounds, the report tells of those that were. */
  readonly signal?: AbortSignal
}

export interface KillReport extends Readonly<KillFigures> {
  readonly seed: number
  readonly clickhouse: string
  readonly seconds: number
}

/** Of one table: then every row in it is looked at once more, and a new table is begun. */
const volleysPerTable = 20

/**
 * Kills the real engine this often in the middle of volleys of INSERTs, replays them, and compares all rows with those that
 * were sent. What must not be is in the report; faults of the engine that no kill explains are thrown.
 */
export const runKills = async (options: KillRunOptions): Promise<KillReport> => {
  const startedAt = performance.now()
  const dir = await mkdtemp(join(tmpdir(), 'silversmith-kills-'))
  const figures = createFigures()
  try {
    const room = await startMortalRoom(dir)
    try {
      const [server] = await room.connection.query<{ version: string }>(
        { statement: 'SELECT version() AS version', what: 'asking for the version' },
        new AbortController().signal,
      )
      let table = 0
      while (figures.kills < options.kills && !options.signal?.aborted) {
        if (table > 0) await room.renew()
        await fillTable(room, table, options, figures)
        table += 1
      }
      const seconds = Math.round((performance.now() - startedAt) / 100) / 10
      return { seed: options.seed, clickhouse: server?.version ?? '', ...figures, seconds }
    } finally {
      await room.close()
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const fillTable = async (
  room: MortalRoom,
  table: number,
  { kills, seed, onRound, signal }: KillRunOptions,
  figures: KillFigures,
): Promise<void> => {
  const volleys: { readonly volley: Volley; readonly kills: number }[] = []
  let msPerPart = 0
  for (let n = 0; n <= volleysPerTable; n += 1) {
    if (figures.kills >= kills || signal?.aborted) break
    const draws = createDraws(seed, table, n)
    const volley = await stageVolley(room.store, `T${table}V${n}`, draws)
    addVolley(figures, volley)
    let killsHere = 0
    if (n === 0) {
      // Undisturbed: how long a volley takes on this machine now.
      const startedAt = performance.now()
      await sendVolley(room, volley, false)
      msPerPart = (performance.now() - startedAt) / volley.parts
    } else
      killsHere = await runRound(room, volley, draws, msPerPart, kills - figures.kills, figures)
    volleys.push({ volley, kills: killsHere })
    onRound?.(figures)
  }
  // Not sooner: merges, and what later kills did to older rows, are to be seen too.
  for (const { volley, kills: killsHere } of volleys)
    await lookAtLast(room, volley, killsHere, figures)
  await countStrangers(
    room,
    volleys.map(({ volley }) => volley),
    figures,
  )
}

const addVolley = (figures: KillFigures, { shots }: Volley): void => {
  figures.inserts += shots.length
  figures.insertsOfManyMonths += shots.filter(({ spread }) => spread === 'months').length
  figures.rows += shots.reduce((sum, { micros }) => sum + micros.length, 0)
}

/** Rows of no INSERT that was sent. */
const countStrangers = async (
  { connection, settings }: MortalRoom,
  volleys: readonly Volley[],
  figures: KillFigures,
): Promise<void> => {
  const [answer] = await connection.query<{ rows: string | number }>(
    {
      statement: `SELECT count() AS rows FROM ${qualify(settings.database, events.name)} WHERE _chunk NOT IN {tokens:Array(String)}`,
      parameters: { tokens: volleys.flatMap(({ shots }) => shots.map(({ token }) => token)) },
      what: 'counting rows that nobody sent',
    },
    new AbortController().signal,
  )
  const strangers = Number(answer?.rows ?? NaN)
  if (strangers === 0) return
  figures.duplicated += strangers
  addProblem(figures, `${settings.database}: ${strangers} rows that nobody sent`)
}
