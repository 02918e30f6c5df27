/** Whether ClickHouse surely still remembers a token. */
export interface TokenMemory {
  /** No row of the token was in its table when asked at this time (epoch ms). */
  keepAbsence(token: string, at: number): void
  /** Whether this process looked for rows of the token and found none: somebody may have sent it before. */
  sawAbsence(token: string): boolean
  /** True: a repeated INSERT with this token is surely recognised. False: nobody knows. */
  isSure(batch: string, token: string): boolean
}

/** No table forgets a token sooner: preflight refuses windows below an hour, and below the blocks written in such a time. */
export const tokenMsMin = 900_000

/** The clock that made the batch's id may be ahead of ours by this. */
const aheadMsMax = 60_000

/** Tokens; of more than these the oldest are only less sure. */
const absencesMax = 1_000

/**
 * When a token was first used is nowhere recorded, so its age is bounded from above, by moments at which it surely was not
 * used yet: the batch's birth, which its ULID tells, or a later look of this process at the table that found none of its rows.
 * A bound below the horizon is proof. One above is none of the contrary: the first INSERT may have come long after.
 * A birth in the future means that one of the clocks is wrong, and proves nothing; nor does an id that is no ULID.
 */
export const createTokenMemory = (now: () => number): TokenMemory => {
  const absences = new Map<string, number>()
  return {
    keepAbsence: (token, at) => {
      absences.delete(token)
      absences.set(token, at)
      const [oldest] = absences.keys()
      if (absences.size > absencesMax && oldest !== undefined) absences.delete(oldest)
    },
    sawAbsence: (token) => absences.has(token),
    isSure: (batch, token) =>
      [timeOfUlid(batch), absences.get(token) ?? 0].some((unusedAt) => {
        const ageMsMax = now() - unusedAt
        return ageMsMax > -aheadMsMax && ageMsMax < tokenMsMin
      }),
  }
}

const ulidDigits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Epoch ms within a ULID; the epoch itself for any other text, which makes it old. */
const timeOfUlid = (ulid: string): number =>
  /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(ulid)
    ? [...ulid.slice(0, 10)].reduce((time, digit) => time * 32 + ulidDigits.indexOf(digit), 0)
    : 0
