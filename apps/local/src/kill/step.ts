/** The services a process of transform talks to, apart from its queue. */
export const serviceNames = ['s3', 'dynamodb', 'clickhouse'] as const
export type ServiceName = (typeof serviceNames)[number]

/** What a request to a service does for a batch. */
export type StepName =
  | 'open'
  | 'claim'
  | 'stage'
  | 'write-manifest'
  | 'seal'
  | 'copy-to-silver'
  | 'copy-to-quarantine'
  | 'insert'
  | 'commit'
  | 'abort'

export interface Step {
  readonly name: StepName
  readonly batch: string
}

/** A request as the proxy sees it before it sends anything on. */
export interface Seen {
  readonly service: ServiceName
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<NodeJS.Dict<string | string[]>>
  /** Of requests to DynamoDB; the others are not waited for. */
  readonly body: string | undefined
}

interface Wire {
  readonly S?: string
  readonly M?: object
}

const ulid = '[0-9A-HJKMNP-TV-Z]{26}'

/** Folder of the silver bucket → what creating a file in it means. */
const files: readonly (readonly [RegExp, StepName])[] = [
  [new RegExp(`^/[^/]+/_staging/(${ulid})/`), 'stage'],
  [new RegExp(`^/[^/]+/_batches/dt=[^/]+/(${ulid})\\.json$`), 'write-manifest'],
  [new RegExp(`^/[^/]+/silver/.*/(${ulid})-\\d+\\.parquet$`), 'copy-to-silver'],
  [new RegExp(`^/[^/]+/quarantine/.*(${ulid})`), 'copy-to-quarantine'],
]

const readFile = ({ method, url }: Seen): Step | undefined => {
  if (method !== 'PUT') return undefined
  const path = decodeURIComponent(url.pathname)
  for (const [pattern, name] of files) {
    const batch = pattern.exec(path)?.[1]
    if (batch !== undefined) return { name, batch }
  }
  return undefined
}

const stateNames: Readonly<Record<string, StepName>> = {
  F: 'open',
  S: 'seal',
  C: 'commit',
  A: 'abort',
}

/** A write of the ledger; progress of a sealed batch is none of the steps. */
const readWrite = ({ headers, body }: Seen): Step | undefined => {
  if (headers['x-amz-target'] !== 'DynamoDB_20120810.PutItem') return undefined
  const { Item } = JSON.parse(body ?? '{}') as { Item?: Readonly<Record<string, Wire>> }
  const kind = Item?.['kind']?.S
  if (kind === 'claim') return { name: 'claim', batch: Item?.['batch']?.S ?? '' }
  const name = stateNames[Item?.['state']?.S ?? '']
  if (kind !== 'batch' || !name || (name === 'seal' && Item?.['done'])) return undefined
  return { name, batch: Item?.['id']?.S ?? '' }
}

const insertToken = new RegExp(`^(${ulid})#`)

/** What the preflight inserts is of no batch. */
const readInsert = ({ url }: Seen): Step | undefined => {
  const token = url.searchParams.get('insert_deduplication_token') ?? ''
  const batch = insertToken.exec(token)?.[1]
  return batch === undefined ? undefined : { name: 'insert', batch }
}

/** Undefined for reads and for whatever else belongs to no batch. */
export const readStep = (seen: Seen): Step | undefined => {
  if (seen.service === 's3') return readFile(seen)
  return seen.service === 'dynamodb' ? readWrite(seen) : readInsert(seen)
}
