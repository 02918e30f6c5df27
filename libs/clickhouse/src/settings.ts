import {
  inspectSettings,
  parseBoolean,
  parseOneOf,
  parseText,
  parseWhole,
  setting,
} from '@silversmith/core'
import type {
  Environment,
  LoginSource,
  Parser,
  RefusedSetting,
  SettingValues,
} from '@silversmith/core'
import { collisionOf } from './layout.ts'

export const engines = [
  'ReplacingMergeTree',
  'ReplicatedReplacingMergeTree',
  'SharedReplacingMergeTree',
] as const

export type Engine = (typeof engines)[number]

/** Where rows go, and how. */
export interface ClickHouseSettings {
  /** Base of the HTTP interface: scheme, host, port, path. No credentials, no parameters. */
  readonly url: string
  readonly database: string
  /** Name for the one table in use, instead of the dataset's; see `namesOf`. */
  readonly table?: string
  readonly user?: string
  readonly password?: string
  /** Has the password, and where `user` is absent the user, instead. */
  readonly secretArn?: string
  /** Reads it: whoever opens ClickHouse puts it here, see `withLogin`. */
  readonly login?: LoginSource
  /** One INSERT, from connecting to the last byte of the answer. The server gets the same time to run it. */
  readonly insertTimeoutMs: number
  /** Of it, the time until the connection stands. */
  readonly connectTimeoutMs: number
  /** The user's own settings, sent with every INSERT. None of them is pinned. */
  readonly settings: Readonly<Record<string, string>>
  /** What migrations create. Preflight looks at what the table really is. */
  readonly engine: Engine
  /** Migrations run ON CLUSTER of this name. */
  readonly cluster?: string
  /** Tokens a table remembers, in blocks: created with, and refused below. */
  readonly deduplicationWindow: number
}

export type ParsedSettings =
  { readonly settings: ClickHouseSettings } | { readonly problems: readonly string[] }

/**
 * Blocks. The rule is 2 × blocks per second in a burst × seconds within which a batch may be replayed unverified; five a
 * second over 17 minutes need 10 200, and remembering a token costs a few dozen bytes.
 */
export const defaultDeduplicationWindow = 100_000
const deduplicationWindowMin = 10_000
const insertTimeoutSecondsMax = 900
const nativePorts: readonly number[] = [9000, 9440]

const parseBase: Parser<string> = (text) => {
  if (!URL.canParse(text)) return { problem: 'must be a URL such as https://host:8443' }
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return { problem: 'must begin with https:// or http://' }
  if (url.username || url.password)
    return {
      problem:
        'must not hold credentials, URLs get logged: use CLICKHOUSE_USER and CLICKHOUSE_PASSWORD',
    }
  if (url.search || url.hash)
    return { problem: 'must not hold parameters: use CLICKHOUSE_SETTINGS' }
  if (nativePorts.includes(Number(url.port))) return nativePort(Number(url.port))
  return { value: trimSlashes(url.href) }
}

const parseHost: Parser<string> = (text) =>
  /^([\w.-]+|\[[\da-f:]+\])$/i.test(text) && URL.canParse(`https://${text}`)
    ? { value: text }
    : { problem: 'must be a bare host name; CLICKHOUSE_URL takes a whole URL' }

const parseSecretArn: Parser<string> = (text) =>
  /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+$/.test(text)
    ? { value: text }
    : { problem: 'must be the ARN of a secret of Secrets Manager' }

const parsePort: Parser<number> = (text) => {
  const parsed = parseWhole(1, 65_535)(text)
  return 'value' in parsed && nativePorts.includes(parsed.value) ? nativePort(parsed.value) : parsed
}

const nativePort = (port: number) => ({
  problem: `must not be ${port}: that is the native port, use 8443 (https) or 8123 (http)`,
})

const parsePath: Parser<string> = (text) =>
  /^[^?#\s]+$/.test(text)
    ? { value: text }
    : { problem: 'must be a plain path such as /clickhouse' }

const parseTimeout: Parser<number> = (text) => {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
  return seconds >= 1 && seconds <= insertTimeoutSecondsMax
    ? { value: Math.round(seconds * 1000) }
    : { problem: `must be a number of seconds from 1 to ${insertTimeoutSecondsMax}` }
}

const parseUserSettings: Parser<Readonly<Record<string, string>>> = (text) => {
  const settings: Record<string, string> = {}
  const problems: string[] = []
  for (const entry of text.split(',').filter((one) => one.trim() !== '')) {
    const at = entry.indexOf('=')
    const name = entry.slice(0, Math.max(at, 0)).trim()
    const collision = collisionOf(name)
    if (!/^\w+$/.test(name)) problems.push('must look like name=value,name=value')
    else if (collision) problems.push(`must not hold ${name}: ${collision}`)
    else if (name in settings) problems.push(`holds ${name} twice`)
    else settings[name] = entry.slice(at + 1).trim()
  }
  return problems.length > 0 ? { problem: [...new Set(problems)].join('; ') } : { value: settings }
}

const optional = <T>(
  name: string,
  parse: Parser<T>,
  description: string,
  more: { readonly aliases?: readonly string[]; readonly secret?: boolean } = {},
) => setting<T | undefined>({ name, parse, default: undefined, description, ...more })

/** Every CLICKHOUSE_* name. What may hide a secret is marked so and never repeated in a problem. */
export const clickHouseSettings = {
  url: optional('CLICKHOUSE_URL', parseBase, 'base URL, wins over host and port', { secret: true }),
  host: optional('CLICKHOUSE_HOST', parseHost, 'host of the HTTP interface, where no URL is given'),
  port: optional('CLICKHOUSE_PORT', parsePort, 'its port: 8443, or 8123 without TLS'),
  path: optional('CLICKHOUSE_PATH', parsePath, 'path before the HTTP interface'),
  scheme: optional(
    'CLICKHOUSE_PROTOCOL',
    parseOneOf('https', 'http'),
    'https or http; wins over CLICKHOUSE_SECURE',
    { aliases: ['CLICKHOUSE_SCHEME'] },
  ),
  secure: setting({
    name: 'CLICKHOUSE_SECURE',
    parse: parseBoolean,
    default: true,
    description: 'TLS or not',
  }),
  database: setting({
    name: 'CLICKHOUSE_DATABASE',
    parse: parseText,
    required: true,
    description: 'database of the tables',
  }),
  table: optional('CLICKHOUSE_TABLE', parseText, 'name for the table of a pipeline that has one'),
  user: optional('CLICKHOUSE_USER', parseText, 'user', { aliases: ['CLICKHOUSE_USERNAME'] }),
  password: optional('CLICKHOUSE_PASSWORD', parseText, 'password', { secret: true }),
  secretArn: optional(
    'CLICKHOUSE_SECRET_ARN',
    parseSecretArn,
    'secret of Secrets Manager that has the password instead, and where no user is set the user: {"username", "password"}; read by transform and bulk',
  ),
  settings: setting({
    name: 'CLICKHOUSE_SETTINGS',
    parse: parseUserSettings,
    default: {},
    secret: true,
    description: 'name=value,… sent with every INSERT',
  }),
  insertTimeoutMs: setting({
    name: 'CLICKHOUSE_TIMEOUT_SECONDS',
    parse: parseTimeout,
    default: 30_000,
    description: 'longest time of one INSERT, in all',
  }),
  connectTimeoutMs: setting({
    name: 'CLICKHOUSE_CONNECT_TIMEOUT_SECONDS',
    parse: parseTimeout,
    default: 5_000,
    description: 'of it, longest wait for the connection',
  }),
  engine: setting<Engine>({
    name: 'CLICKHOUSE_ENGINE',
    parse: parseOneOf(...engines),
    default: 'ReplacingMergeTree',
    description: 'engine of the tables that migrations create',
  }),
  cluster: optional('CLICKHOUSE_CLUSTER', parseText, 'migrations run ON CLUSTER of this name'),
  deduplicationWindow: setting({
    name: 'CLICKHOUSE_DEDUPLICATION_WINDOW',
    parse: parseWhole(deduplicationWindowMin),
    default: defaultDeduplicationWindow,
    description: 'tokens a table must remember, in blocks',
  }),
}

export const refusedClickHouseSettings: readonly RefusedSetting[] = [
  {
    name: 'CLICKHOUSE_INSERT_SQL',
    reason: 'the INSERT is part of exactly-once delivery',
    instead: 'a materialized view on the table changes rows on their way',
  },
  {
    name: 'CLICKHOUSE_INSERT_COLUMNS',
    reason: 'every column is written, so that no row depends on a default of the server',
    instead: 'a view that leaves columns out',
  },
]

/**
 * Reads the CLICKHOUSE_* variables and tells all problems together; secrets appear in none. HTTPS unless _PROTOCOL (or
 * _SCHEME) or _SECURE say otherwise.
 */
export const parseClickHouseSettings = (environment: Environment): ParsedSettings => {
  const read = inspectSettings(clickHouseSettings, environment, refusedClickHouseSettings)
  const { values } = read
  const url = urlOf(values)
  const missing =
    url === undefined && !places.some((name) => environment[name]?.trim())
      ? ['CLICKHOUSE_URL or CLICKHOUSE_HOST is missing: say where ClickHouse is']
      : []
  const { table, user, password, secretArn, cluster } = values
  const rivals =
    password && secretArn
      ? ['CLICKHOUSE_PASSWORD and CLICKHOUSE_SECRET_ARN say the same thing twice: give one']
      : []
  const problems = [...read.problems, ...missing, ...rivals]
  if (problems.length > 0 || url === undefined) return { problems }
  return {
    settings: {
      url,
      database: values.database,
      ...(table && { table }),
      ...(user && { user }),
      ...(password && { password }),
      ...(secretArn && { secretArn }),
      insertTimeoutMs: values.insertTimeoutMs,
      connectTimeoutMs: values.connectTimeoutMs,
      settings: values.settings,
      engine: values.engine,
      ...(cluster && { cluster }),
      deduplicationWindow: values.deduplicationWindow,
    },
  }
}

/** For people: no password, and of the user's own settings the names, for their values may be anything. */
export const withoutSecrets = ({
  login: _,
  ...settings
}: ClickHouseSettings): Readonly<Record<string, unknown>> => ({
  ...settings,
  ...(settings.password && { password: 'set' }),
  settings: Object.keys(settings.settings),
})

const places = ['CLICKHOUSE_URL', 'CLICKHOUSE_HOST'] as const

type Values = Partial<SettingValues<typeof clickHouseSettings>>

const urlOf = ({ url, host, port, path, scheme, secure }: Values): string | undefined => {
  if (url) return url
  if (!host) return undefined
  const protocol = scheme ?? (secure ? 'https' : 'http')
  const base = `${protocol}://${host}:${port ?? (protocol === 'https' ? 8443 : 8123)}`
  return trimSlashes(new URL(`${base}/${(path ?? '').replace(/^\/+/, '')}`).href)
}

const trimSlashes = (href: string): string => href.replace(/\/+$/, '')
