import type { Random } from '../random.ts'

/** How often each kind of trouble strikes in one world; probabilities per await point unless said otherwise. */
export interface Troubles {
  readonly throttled: number
  readonly requestLost: number
  readonly responseLost: number
  readonly lateApply: number
  readonly crashBefore: number
  readonly crashAfter: number
  readonly pause: number
  /** Per arrival: it is told again. */
  readonly duplicateArrival: number
  /** Per arrival: it is lost, and found hours later by a listing. */
  readonly lostArrival: number
  /** Per receive: a message in flight is delivered a second time. */
  readonly duplicateDelivery: number
  /** Per receive: the message becomes visible long before its work can end. */
  readonly shortVisibility: number
  /** Per delete. */
  readonly lostDelete: number
  /** Per object: written over, deleted, or deleted and put back. */
  readonly overwrite: number
  readonly remove: number
  readonly reupload: number
  /** Per object: its bytes kill whoever reads them. */
  readonly poison: number
  /** Per insert: ClickHouse goes down for minutes. */
  readonly targetDown: number
  /** Per partition of an insert: the server dies behind it. */
  readonly partialInsert: number
  /** Per await: the service it asks is down, hangs, or denies, for up to an hour. */
  readonly outage: number
  /** Per world: one target is out of reach, denied or misconfigured for days. */
  readonly longOutage: number
  /** Per insert: ClickHouse merges the parts of the table a while later. */
  readonly merge: number
  /** Per object: its bytes come slowly, each piece after up to half a minute. */
  readonly slowRead: number
  /** Per half hour: somebody hands back the dead letters, whatever the reason they lie there. */
  readonly earlyRedrive: number
  /** Per object: the bucket's versioning is switched on, or suspended. */
  readonly bucketChange: number
  /** Per object: it is loaded again, deliberately, as a higher generation. */
  readonly reload: number
  /** Per sandbox: another release runs in it, whose encoder writes other bytes and whose mapping makes other rows. */
  readonly deploy: number
  /** Clocks of invocations differ from true time by up to this. */
  readonly clockSkewMs: number
  /** The index of open batches shows what was up to this long ago. */
  readonly openIndexLagMs: number
}

const most: Troubles = {
  throttled: 0.05,
  requestLost: 0.03,
  responseLost: 0.03,
  lateApply: 0.02,
  crashBefore: 0.01,
  crashAfter: 0.01,
  pause: 0.005,
  duplicateArrival: 0.5,
  lostArrival: 0.2,
  duplicateDelivery: 0.3,
  shortVisibility: 0.3,
  lostDelete: 0.2,
  overwrite: 0.4,
  remove: 0.3,
  reupload: 0.3,
  poison: 0.15,
  targetDown: 0.1,
  partialInsert: 0.3,
  outage: 0.004,
  longOutage: 0.2,
  merge: 0.5,
  slowRead: 0.3,
  earlyRedrive: 1,
  bucketChange: 0.15,
  reload: 0.4,
  deploy: 0.5,
  clockSkewMs: 120_000,
  openIndexLagMs: 10 * 60_000,
}

/** A world without any; also what every world becomes when it heals. */
export const noTroubles: Troubles = Object.fromEntries(
  Object.keys(most).map((name) => [name, 0]),
) as unknown as Troubles

const presentChance = 0.5

/** Swarm testing: each kind is there or not, with an intensity of its own, so that some seeds stress a few kinds hard. */
export const drawTroubles = (random: Random): Troubles =>
  Object.fromEntries(
    Object.entries(most).map(([name, intensity]) => [
      name,
      random.chance(presentChance) ? intensity * random.fraction() : 0,
    ]),
  ) as unknown as Troubles

/** What may become of one call, the good end first. */
export const fates = [
  'ok',
  'throttled',
  'request-lost',
  'response-lost',
  'late-apply',
  'crash-before',
  'crash-after',
  'pause',
] as const

export type Fate = (typeof fates)[number]

export const drawFate = (random: Random, troubles: Troubles): Fate => {
  let draw = random.fraction()
  const strikes = (probability: number): boolean => {
    draw -= probability
    return draw < 0
  }
  if (strikes(troubles.throttled)) return 'throttled'
  if (strikes(troubles.requestLost)) return 'request-lost'
  if (strikes(troubles.responseLost)) return 'response-lost'
  if (strikes(troubles.lateApply)) return 'late-apply'
  if (strikes(troubles.crashBefore)) return 'crash-before'
  if (strikes(troubles.crashAfter)) return 'crash-after'
  if (strikes(troubles.pause)) return 'pause'
  return 'ok'
}
