import { Fault } from '@silversmith/core'
import { faultOfException, findException } from './exception.ts'

/** What came back for one request. */
export interface Reply {
  readonly status: number
  /** `X-ClickHouse-Exception-Code`. */
  readonly exceptionCode: string | undefined
  /** `X-ClickHouse-Query-Id`: every server since 23.2 says with every answer which query it ran. */
  readonly queryId: string | undefined
  /** `Retry-After`. */
  readonly retryAfter?: string | undefined
  /** The whole answer arrived, as its own framing says. */
  readonly complete: boolean
  /** The first `replyBytesMax` bytes. */
  readonly body: string
}

/** Bytes kept of an answer; the rest is read and dropped. */
export const replyBytesMax = 64 * 1024

/**
 * Undefined when the INSERT sent with this query id succeeded: status 200, no exception code, a whole answer, an empty
 * body, and the same query id in it. A 200 alone proves nothing: ClickHouse sends its status before it knows, and a proxy
 * may answer in its place.
 */
export const judgeInsert = (reply: Reply, queryId: string, what: string): Fault | undefined => {
  const { status, exceptionCode, body } = reply
  const found = findException(body)
  if (exceptionCode !== undefined || found) {
    const code = exceptionCode === undefined ? (found?.code ?? 0) : Number(exceptionCode)
    return faultOfException({ code, text: body, status }, what)
  }
  if (status !== 200) return faultOfStatus(reply, what)
  const doubt = doubtOf(reply, queryId)
  if (doubt === undefined) return undefined
  return new Fault(
    'TARGET_OUTCOME_UNKNOWN',
    `${what}: ${doubt}. It may have landed; the next attempt looks before it inserts.`,
  )
}

/** Why a 200 is no proof. */
const doubtOf = (reply: Reply, queryId: string): string | undefined => {
  if (!reply.complete) return 'the answer broke off'
  if (reply.body.trim() !== '') return 'status 200 with a text that is not ClickHouse’s'
  if (reply.queryId === queryId) return undefined
  return (
    `status 200 ${reply.queryId === undefined ? 'without X-ClickHouse-Query-Id' : 'of another query id'}, so something else answered; ` +
    'a proxy before ClickHouse must let the parameter query_id and the header X-ClickHouse-Query-Id through unchanged'
  )
}

/** An answer with no exception code comes from something between us and ClickHouse, or from another server. */
const faultOfStatus = ({ status, retryAfter }: Reply, what: string): Fault => {
  const retryAfterMs = readRetryAfter(retryAfter, Date.now())
  const fault = (code: Fault['code'], advice = '') =>
    new Fault(code, `${what}: HTTP ${status} without a ClickHouse exception. ${advice}`.trim(), {
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    })
  if (status === 401 || status === 403)
    return fault('TARGET_DENIED', 'Check user and password, and any proxy before the server.')
  if (status === 413)
    return fault('TARGET_MISCONFIGURED', 'A proxy limits the size of bodies; raise its limit.')
  if (status === 429 || status === 503) return fault('TARGET_UNAVAILABLE')
  if (status >= 500 || status === 408)
    return fault(
      'TARGET_OUTCOME_UNKNOWN',
      'It may have landed; the next attempt looks before it inserts.',
    )
  return fault('TARGET_DENIED', 'Is this the HTTP interface of ClickHouse? Check the URL.')
}

/** Nobody is left alone for longer, whatever it asks for. */
const retryAfterMsMax = 3_600_000

/** A number of seconds or a date, see RFC 9110 section 10.2.3; undefined when it is neither. */
export const readRetryAfter = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return ms >= 0 ? Math.min(ms, retryAfterMsMax) : undefined
}
