import { Fault } from '@silversmith/core'
import { faultOfException, findException } from './exception.ts'

/** What came back for one request. */
export interface Reply {
  readonly status: number
  /** `X-ClickHouse-Exception-Code`. */
  readonly exceptionCode: string | undefined
  /** The whole answer arrived, as its own framing says. */
  readonly complete: boolean
  /** The first `replyBytesMax` bytes. */
  readonly body: string
}

/** Bytes kept of an answer; the rest is read and dropped. */
export const replyBytesMax = 64 * 1024

/**
 * Undefined when the INSERT succeeded: status 200, no exception code, a whole answer, an empty body. A 200 alone proves
 * nothing: ClickHouse sends its status before it knows, and a proxy may answer in its place.
 */
export const judgeInsert = (reply: Reply, what: string): Fault | undefined => {
  const { status, exceptionCode, complete, body } = reply
  const found = findException(body)
  if (exceptionCode !== undefined || found) {
    const code = exceptionCode === undefined ? (found?.code ?? 0) : Number(exceptionCode)
    return faultOfException({ code, text: body, status }, what)
  }
  if (status === 200 && complete && body.trim() === '') return undefined
  if (status === 200)
    return new Fault(
      'TARGET_OUTCOME_UNKNOWN',
      `${what}: ${complete ? 'status 200 with a text that is not ClickHouse’s' : 'the answer broke off'}. ` +
        'It may have landed; the next attempt looks before it inserts.',
    )
  return faultOfStatus(status, what)
}

/** An answer with no exception code comes from something between us and ClickHouse, or from another server. */
const faultOfStatus = (status: number, what: string): Fault => {
  const fault = (code: Fault['code'], advice: string) =>
    new Fault(code, `${what}: HTTP ${status} without a ClickHouse exception. ${advice}`)
  if (status === 401 || status === 403)
    return fault('TARGET_DENIED', 'Check user and password, and any proxy before the server.')
  if (status === 413)
    return fault('TARGET_MISCONFIGURED', 'A proxy limits the size of bodies; raise its limit.')
  if (status === 429 || status === 503)
    return fault('TARGET_UNAVAILABLE', 'It will be tried again.')
  if (status >= 500 || status === 408)
    return fault(
      'TARGET_OUTCOME_UNKNOWN',
      'It may have landed; the next attempt looks before it inserts.',
    )
  return fault('TARGET_MISCONFIGURED', 'Is this the HTTP interface of ClickHouse? Check the URL.')
}
