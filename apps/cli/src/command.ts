import type { Match } from '@silversmith/core'
import type { EraseRequest } from '@silversmith/flow'
import type { BackfillCommand } from './backfill/backfill-line.ts'

/** Where the local stack of a command is; undefined: see `findDeployment`. */
export interface OnDeployment {
  readonly dir: string | undefined
  readonly json: boolean
}

/** Changes something, but only with `--yes` and without `--dry-run`. */
export interface Changing extends OnDeployment {
  readonly dryRun: boolean
}

/** Waits for what it began, but no longer. */
interface Waiting extends Changing {
  readonly deadlineMs: number
}

/** Which quarantine files; all that is given must fit. */
interface OfQuarantine {
  readonly dataset: string | undefined
  readonly reason: string | undefined
  readonly since: Since | undefined
  readonly until: Since | undefined
}

interface OnStack {
  /** Undefined: the usual place. */
  readonly dir: string | undefined
  readonly json: boolean
}

/** What was asked for. */
export type Command =
  /** `of`: a command, or the first word of several; undefined: all. */
  | { readonly kind: 'help'; readonly of: string | undefined }
  | {
      readonly kind: 'migrate'
      readonly plan: boolean
      /** Whose grants the plan names. */
      readonly user: string
      readonly json: boolean
    }
  | ({
      readonly kind: 'invoke'
      readonly functionName: string
      /** A path, or `-` for standard input. */
      readonly event: string
    } & OnStack)
  | ({ readonly kind: 'query'; readonly statement: string } & OnStack)
  | ({ readonly kind: 'head'; readonly table: string; readonly limit: number } & OnStack)
  | {
      readonly kind: 'generate'
      /** One of `sampleTypes`. */
      readonly type: string
      readonly count: number
      readonly seed: number
      readonly format: GeneratedFormat
      readonly file: string
      readonly json: boolean
    }
  | {
      readonly kind: 'dataset new'
      readonly name: string
      /** The sample. */
      readonly file: string
      /** Field of the event time; undefined: the first that is a time in every record. */
      readonly time: string | undefined
      readonly json: boolean
    }
  | ({ readonly kind: 'doctor' } & OnDeployment)
  | ({
      readonly kind: 'try'
      /** Files, or URLs `s3://bucket/key`. */
      readonly objects: readonly string[]
      /** Undefined: the one whose route accepts the key. */
      readonly dataset: string | undefined
    } & OnDeployment)
  | ({
      readonly kind: 'reconcile'
      /** None: everything. */
      readonly prefixes: readonly string[]
      readonly since: Since | undefined
      readonly enqueue: boolean
      /** Only with `enqueue`. */
      readonly setAside: boolean
    } & OnDeployment)
  | ({
      readonly kind: 'replay'
      readonly via: ReplayWay
      /** Undefined: the only one there is. */
      readonly bucket: string | undefined
      readonly prefix: string
      readonly start: Since
      readonly end: Since
      readonly force: boolean
      /** Folder of the copies; undefined: a new one. */
      readonly to: string | undefined
      readonly limit: number | undefined
      /** Objects a second. */
      readonly rate: number | undefined
    } & Changing)
  | ({
      readonly kind: 'adopt'
      /** `name` or `database.name` of another system's table. */
      readonly table: string
      /** Objects are not read to see whether the table has all their lines. */
      readonly trustTable: boolean
      /** None: everything. */
      readonly prefixes: readonly string[]
    } & Changing)
  | ({
      readonly kind: 'batch list'
      readonly state: ListedState
      readonly since: Since | undefined
      readonly limit: number
    } & OnDeployment)
  | ({ readonly kind: 'batch show'; readonly batch: string } & OnDeployment)
  | ({ readonly kind: 'batch reject'; readonly batch: string; readonly target: string } & Changing)
  | ({ readonly kind: 'batch free'; readonly batch: string } & Changing)
  | ({ readonly kind: 'repair'; readonly batches: readonly string[] } & Changing)
  | ({
      readonly kind: 'rebuild'
      /** Undefined: all. */
      readonly table: string | undefined
      readonly since: Since | undefined
    } & Changing)
  | ({
      readonly kind: 'erase'
      /** Undefined: only what was begun is finished. */
      readonly request: EraseRequest | undefined
    } & Changing)
  | ({
      readonly kind: 'ledger rebuild'
      /** `YYYY-MM-DD`; undefined: all manifests. */
      readonly from: string | undefined
    } & Changing)
  | ({ readonly kind: 'quarantine list'; readonly limit: number } & OfQuarantine & OnDeployment)
  | ({
      readonly kind: 'quarantine show'
      /** Its key or URL; undefined: all open files that fit. */
      readonly file: string | undefined
      readonly limit: number
    } & OfQuarantine &
      OnDeployment)
  | ({ readonly kind: 'quarantine replay' } & OfQuarantine & Changing)
  | ({
      readonly kind: 'drift show'
      readonly dataset: string | undefined
      readonly since: Since | undefined
    } & OnDeployment)
  | ({
      readonly kind: 'drift evolve'
      readonly dataset: string
      /** As `drift show` names them; empty: all new ones. */
      readonly paths: readonly string[]
      readonly since: Since | undefined
    } & Changing)
  | ({ readonly kind: 'status' } & OnDeployment)
  | ({
      readonly kind: 'explain'
      /** URL of an object, a batch, a chunk, or an id or hash of a row; undefined: rows of `match`. */
      readonly about: string | undefined
      readonly match: Match | undefined
      readonly dataset: string | undefined
      /** Of an object. */
      readonly record: number | undefined
      readonly version: string | undefined
    } & OnDeployment)
  | ({ readonly kind: 'pause' } & Waiting)
  | ({ readonly kind: 'resume' } & Waiting)
  | BackfillCommand
  | ({ readonly kind: 'dlq list' } & OnDeployment)
  | ({ readonly kind: 'dlq show'; readonly messageId: string } & OnDeployment)
  | ({
      readonly kind: 'dlq redrive'
      /** Undefined: all. */
      readonly messageIds: readonly string[] | undefined
    } & Changing)

export type CommandOf<Kind extends Command['kind']> = Extract<Command, { readonly kind: Kind }>

/** A moment: epoch ms, or so many ms before now. */
export type Since = { readonly at: number } | { readonly agoMs: number }

export const listedStates = ['open', 'forming', 'sealed', 'failing', 'committed'] as const
export type ListedState = (typeof listedStates)[number]

export const replayWays = ['copy', 'queue'] as const
export type ReplayWay = (typeof replayWays)[number]

/** A record a line, or one array of all. */
export const generatedFormats = ['jsonl', 'json'] as const
export type GeneratedFormat = (typeof generatedFormats)[number]

export const defaultDir = '.silversmith/latest'
export const functionNames = ['ingest', 'transform', 'bulk']
export const targetNames = ['silver', 'clickhouse']

/** The user of transform, where none is named. */
export const writerName = 'silversmith_writer'
export const inspectorName = 'silversmith_inspector'
export const operatorName = 'silversmith_operator'

/** What `migrate --plan` renames the table of another system to. */
export const adoptedTable = 'raw_events_before'
