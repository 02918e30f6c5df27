import { setTimeout as sleep } from 'node:timers/promises'
import { isFault } from '@silversmith/core'
import { judge, readArrivals } from './arrival.ts'
import type { Draws } from './draws.ts'
import { addProblem } from './kill-figures.ts'
import type { KillFigures } from './kill-figures.ts'
import type { MortalRoom } from './mortal-room.ts'
import type { Volley } from './volley.ts'

/** Kills of one volley; the attempt after them is left alone. */
const killsPerVolleyMax = 4
const killAgainProbability = 0.25
/** Some kills come after the last answer. */
const lateness = 1.1
const idle = (): AbortSignal => new AbortController().signal

/**
 * Sends a volley, kills the engine at a drawn moment of the time it takes, starts it on the same folder and sends the volley again with
 * the same tokens, until an attempt is not killed. Looks at every row after each kill. Resolves with the number of kills.
 */
export const runRound = async (
  room: MortalRoom,
  volley: Volley,
  draws: Draws,
  msPerPart: number,
  killsMax: number,
  figures: KillFigures,
): Promise<number> => {
  const acknowledged = new Set<string>()
  const most = Math.min(killsPerVolleyMax, killsMax)
  let kills = 0
  do {
    const sending = sendVolley(room, volley, kills > 0)
    await sleep(draws.fraction() * lateness * msPerPart * volley.parts)
    await room.kill()
    for (const token of await sending) acknowledged.add(token)
    await room.start()
    await lookAfterKill(room, volley, acknowledged, figures)
    kills += 1
  } while (kills < most && draws.chance(killAgainProbability))
  const arrived = await sendVolley(room, volley, true)
  for (const { token } of volley.shots)
    if (!arrived.has(token))
      addProblem(figures, `${token}: an attempt that was not killed got no answer`)
  return kills
}

/** Tokens that were acknowledged. Throws faults that no kill explains. */
export const sendVolley = async (
  { target }: MortalRoom,
  { batch, shots }: Volley,
  isReplay: boolean,
): Promise<ReadonlySet<string>> => {
  const sent = shots.flatMap((shot) =>
    Array.from({ length: shot.writers }, async (): Promise<readonly string[]> => {
      // As whoever applies a batch later. `has` looks at one month, so many are sent blindly: their tokens must do.
      const asksFirst = isReplay && shot.spread === 'month'
      try {
        if (!(asksFirst && (await target.has(batch, shot.chunk, idle()))))
          await target.put(batch, shot.chunk, idle())
        return [shot.token]
      } catch (error) {
        if (isFault(error, 'TARGET_OUTCOME_UNKNOWN') || isFault(error, 'TARGET_UNAVAILABLE'))
          return []
        throw error
      }
    }),
  )
  return new Set((await Promise.all(sent)).flat())
}

const lookAfterKill = async (
  room: MortalRoom,
  { shots }: Volley,
  acknowledged: ReadonlySet<string>,
  figures: KillFigures,
): Promise<void> => {
  figures.kills += 1
  const arrivals = await readArrivals(room.connection, room.settings, shots, idle())
  let partly = 0
  for (const shot of shots) {
    const standing = judge(shot, arrivals.get(shot.token))
    const tell = (what: string): void =>
      addProblem(figures, `${shot.token}, after kill ${figures.kills}: ${what}`)
    if (standing.duplicated > 0) tell(`${standing.duplicated} rows too many before any replay`)
    if (standing.tornMonths > 0) tell(`${standing.tornMonths} months are partly there`)
    if (acknowledged.has(shot.token)) {
      figures.acknowledged += 1
      if (standing.lost > 0) tell(`${standing.lost} acknowledged rows are gone`)
    } else if (standing.state === 'absent') figures.unansweredAbsent += 1
    else if (standing.state === 'whole') figures.unansweredWhole += 1
    else {
      figures.unansweredPartly += 1
      partly += 1
    }
  }
  if (partly > 0) figures.killsPartly += 1
}

/** Adds what is lost, swallowed and duplicated of a volley, once all of it was acknowledged. */
export const lookAtLast = async (
  room: MortalRoom,
  { shots }: Volley,
  kills: number,
  figures: KillFigures,
): Promise<void> => {
  const arrivals = await readArrivals(room.connection, room.settings, shots, idle())
  let swallowsLeft = kills
  for (const shot of shots) {
    const { lost, duplicated, absentMonths, tornMonths } = judge(shot, arrivals.get(shot.token))
    figures.duplicated += duplicated
    const isSwallowed = shot.spread === 'months' && tornMonths === 0 && absentMonths <= swallowsLeft
    if (isSwallowed) {
      figures.swallowedMonths += absentMonths
      swallowsLeft -= absentMonths
    } else figures.lost += lost
    if (duplicated > 0 || (lost > 0 && !isSwallowed))
      addProblem(figures, `${shot.token}: ${lost} rows lost, ${duplicated} too many`)
  }
}
