import { type Check, checksOf, Fault } from '@silversmith/core'
import { credentialsOf, loginOf } from '../credentials.ts'
import type { ClickHouseSettings } from '../settings.ts'
import { versionProblem } from '../version.ts'
import { askFirst, type FirstAnswer } from './first-answer.ts'

/** A ping of a place nobody is sure of. */
const pingMsMax = 3_000
/** A service of ClickHouse Cloud that idles takes the connection at once, and answers when it woke up. */
const answerMsMax = 30_000

/** Is it ClickHouse that answers at the URL, and does it let this user in? With what to set where it does not. */
export const checkReach = async (
  settings: ClickHouseSettings,
  signal: AbortSignal,
): Promise<Check> => {
  const url = new URL(settings.url)
  const login = await loginOf(settings, signal).catch((error: unknown) => {
    if (error instanceof Fault) return error
    throw error
  })
  if (login instanceof Fault)
    return checksOf('clickhouse', url.origin).wrong(
      login.message,
      'correct CLICKHOUSE_SECRET_ARN, or allow secretsmanager:GetSecretValue of it to the role; batches wait meanwhile, nothing is lost',
    )
  const answer = await askFirst(
    {
      ...{ url, headers: credentialsOf(login), body: 'SELECT version() FORMAT TabSeparated' },
      connectTimeoutMs: settings.connectTimeoutMs,
      timeoutMs: settings.connectTimeoutMs + answerMsMax,
    },
    signal,
  )
  const check = checksOf('clickhouse', url.origin)
  if (answer.kind === 'answer' && answer.status === 200 && answer.exceptionCode === undefined) {
    const version = /^\d+(\.\d+)+/.exec(answer.body)?.[0]
    if (version === undefined) return tellStranger(settings, answer.status, signal)
    const problem = versionProblem(version, false)
    return problem === undefined
      ? check.ok(`ClickHouse ${version} lets ${userOf(settings)} in`)
      : check.wrong(problem, 'upgrade it')
  }
  if (answer.kind === 'silence') return tellSilence(settings, answer.reason, signal)
  if (answer.exceptionCode === undefined) {
    return nativePorts.test(answer.body)
      ? wrongPlace(settings, `${url.origin} is the port of the native protocol`, signal)
      : tellStranger(settings, answer.status, signal)
  }
  return tellRefusal(settings, answer.exceptionCode, answer.status)
}

/** What ClickHouse says to HTTP at the port of clickhouse-client. */
const nativePorts = /is for clickhouse-client program/

const userOf = ({ user }: ClickHouseSettings): string => `user ${user ?? 'default'}`

/** 192 to 194: unknown user, wrong or missing password; 516: any of these, as newer servers say. */
const loginCodes: readonly number[] = [192, 193, 194, 516]

const tellRefusal = (settings: ClickHouseSettings, code: number, status: number): Check => {
  const { origin } = new URL(settings.url)
  const check = checksOf('clickhouse', origin)
  return loginCodes.includes(code)
    ? check.wrong(
        `${origin} does not let ${userOf(settings)} in: the password is wrong, or there is no such user (code ${code})`,
        'set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD as the server has them; batches wait meanwhile, nothing is lost',
      )
    : check.wrong(
        `${origin} does not answer ${userOf(settings)} a plain question (code ${code}, HTTP ${status})`,
        'ask it yourself: SELECT version(); its log says more',
      )
}

const tellStranger = (
  settings: ClickHouseSettings,
  status: number,
  signal: AbortSignal,
): Promise<Check> =>
  wrongPlace(
    settings,
    `what answers at ${new URL(settings.url).origin} is not ClickHouse (HTTP ${status})`,
    signal,
  )

const tellSilence = (
  settings: ClickHouseSettings,
  reason: string,
  signal: AbortSignal,
): Promise<Check> | Check => {
  const { origin, protocol } = new URL(settings.url)
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_(GET|VERIFY)/.test(reason))
    return checksOf('clickhouse', origin).wrong(
      `the certificate of ${origin} is not trusted (${reason})`,
      'use the name it was made for; where an authority of your own signed it, put that into a file and name the file in NODE_EXTRA_CA_CERTS',
    )
  if (reason === 'NO_ANSWER')
    return checksOf('clickhouse', origin).wrong(
      `${origin} takes the connection and gives no answer, as a service of ClickHouse Cloud does while it wakes up`,
      'ask again in a minute; where it stays so, look at its log and at what is in between',
    )
  const found = `${describeSilence(origin, protocol, reason)} (${reason})`
  return wrongPlace(
    settings,
    found,
    signal,
    reason === 'ECONNREFUSED' ? `${orDown}${advice}` : advice,
  )
}

const describeSilence = (origin: string, protocol: string, reason: string): string => {
  if (reason === 'ECONNREFUSED') return `nothing listens at ${origin}`
  if (reason === 'ENOTFOUND' || reason === 'EAI_AGAIN') return `nobody knows the host of ${origin}`
  if (/TIMEOUT|TIMEDOUT/.test(reason))
    return `${origin} does not answer, as where a firewall, a security group or a missing route is in between`
  if (/SSL|TLS|EPROTO/.test(reason)) return `${origin} does not speak TLS`
  return protocol === 'http:'
    ? `${origin} ends the connection without an answer, as a port does that wants TLS`
    : `${origin} ends the connection without an answer`
}

const advice =
  'correct CLICKHOUSE_URL, or CLICKHOUSE_HOST, CLICKHOUSE_PORT and CLICKHOUSE_PROTOCOL: 8443 is the port with TLS (https), 8123 the one without (http), 9000 is of another protocol'

const orDown =
  'start ClickHouse, where it is only down: batches wait meanwhile, nothing is lost. Else '

/** Looks whether ClickHouse is at a place one may have meant: with or without TLS, at its usual ports. */
const wrongPlace = async (
  settings: ClickHouseSettings,
  found: string,
  signal: AbortSignal,
  fix = advice,
): Promise<Check> => {
  const { origin } = new URL(settings.url)
  const there = await findElsewhere(new URL(settings.url), signal)
  const check = checksOf('clickhouse', origin)
  if (there === undefined) return check.wrong(found, fix)
  const plain = there.startsWith('http:') ? ' (no TLS: only within a network of your own)' : ''
  return check.wrong(
    `${found}; ClickHouse answers at ${there}`,
    `set CLICKHOUSE_URL=${there}${plain}, or CLICKHOUSE_HOST, CLICKHOUSE_PORT and CLICKHOUSE_PROTOCOL alike`,
  )
}

const findElsewhere = async (url: URL, signal: AbortSignal): Promise<string | undefined> => {
  const other = url.protocol === 'https:' ? 'http:' : 'https:'
  const places = [`${other}//${url.host}`, `https://${url.hostname}:8443`]
  places.push(`http://${url.hostname}:8123`)
  const fresh = [...new Set(places)].filter((place) => new URL(place).origin !== url.origin)
  const answers = await Promise.all(
    fresh.map((place) => ping(new URL(`${place}${url.pathname.replace(/\/$/, '')}/ping`), signal)),
  )
  return fresh.find((_, at) => isClickHouse(answers[at]))
}

/** Without credentials: it is not known yet who listens. */
const ping = (url: URL, signal: AbortSignal): Promise<FirstAnswer> =>
  askFirst({ url, connectTimeoutMs: pingMsMax, timeoutMs: pingMsMax }, signal)

const isClickHouse = (answer: FirstAnswer | undefined): boolean =>
  answer?.kind === 'answer' && answer.status === 200 && answer.body === 'Ok.\n'
