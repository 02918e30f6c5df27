import type { Match } from '@silversmith/core'
import { backfillReaders } from './backfill/backfill-line.ts'
import type { Command, CommandOf } from './command.ts'
import { adoptedTable, functionNames, listedStates, targetNames, writerName } from './command.ts'
import { readGenerate } from './dataset/generate-line.ts'
import { readDatasetNew } from './dataset/dataset-name.ts'
import { readTableRebuild } from './rebuild/rebuild-line.ts'
import { readDuration } from './text/duration.ts'
import type { Given, OptionName, Reader } from './given.ts'
import {
  argument,
  changing,
  changingOptions,
  numberOf,
  oneOf,
  parse,
  place,
  placeOptions,
  refuseArguments,
} from './given.ts'
import { readReplay } from './replay/replay-line.ts'
import { readMoment } from './text/since.ts'
import { UsageError } from './usage-error.ts'

const readMigrate = (given: Given): CommandOf<'migrate'> => {
  const { user, plan = false, json = false } = given.values
  refuseArguments(given)
  if (user !== undefined && !plan)
    throw new UsageError('--user goes with --plan: migrate itself grants nothing')
  if (user?.trim() === '') throw new UsageError('--user is empty')
  return { kind: 'migrate', plan, user: user ?? writerName, json }
}

const readInvoke = (given: Given): CommandOf<'invoke'> => {
  const functionName = argument(given, `a function: ${functionNames.join(', ')}`)
  if (!functionNames.includes(functionName))
    throw new UsageError(
      `there is no function ${functionName}; there are ${functionNames.join(', ')}`,
    )
  const { event } = given.values
  if (!event) throw new UsageError('invoke needs --event FILE')
  return { kind: 'invoke', functionName, event, ...place(given) }
}

const readReconcile = (given: Given): CommandOf<'reconcile'> => {
  refuseArguments(given)
  const { prefix = [], enqueue = false, 'set-aside': setAside = false } = given.values
  if (setAside && !enqueue)
    throw new UsageError('--set-aside goes with --enqueue: it says what else is sent')
  return {
    ...{ kind: 'reconcile', prefixes: [...new Set(prefix)], enqueue, setAside },
    ...{ since: readMoment('since', given.values.since), ...place(given) },
  }
}

const readAdopt = (given: Given): CommandOf<'adopt'> => {
  refuseArguments(given)
  const { table = adoptedTable, prefix = [] } = given.values
  if (!/^\w+(\.\w+)?$/.test(table))
    throw new UsageError(`--table must be a name or database.name, not "${table}"`)
  const trustTable = given.values['trust-table'] === true
  return { kind: 'adopt', table, trustTable, prefixes: [...new Set(prefix)], ...changing(given) }
}

const readTry = (given: Given): CommandOf<'try'> => {
  const { args, values } = given
  if (args.length === 0) throw new UsageError('try needs a file or an s3:// URL; see --help')
  if (args.length > triesMax) throw new UsageError(`try takes at most ${triesMax} at a time`)
  if (values.dataset === '') throw new UsageError('--dataset is empty')
  return { kind: 'try', objects: [...new Set(args)], dataset: values.dataset, ...place(given) }
}

const readReject = (given: Given): CommandOf<'batch reject'> => {
  const batch = argument(given, 'a batch')
  const { target } = given.values
  if (target === undefined)
    throw new UsageError(`batch reject needs --target ${targetNames.join(' or ')}`)
  const known = oneOf('target', target, targetNames)
  return { kind: 'batch reject', batch, target: known, ...changing(given) }
}

const readRepair = (given: Given): CommandOf<'repair'> => {
  if (given.args.length === 0) throw new UsageError('repair needs a batch, or several; see --help')
  return { kind: 'repair', batches: [...new Set(given.args)], ...changing(given) }
}

/** Without `--where` it only finishes what was begun. */
const readErase = (given: Given): CommandOf<'erase'> => {
  refuseArguments(given)
  const { dataset, where, text } = given.values
  if (dataset === undefined && where === undefined && text === undefined)
    return { kind: 'erase', request: undefined, ...changing(given) }
  const match = readMatch(where)
  if (!dataset || !match)
    throw new UsageError('erase needs --dataset NAME and --where COLUMN=VALUE; see --help')
  const request = { dataset, match, texts: text ?? [match.value] }
  return { kind: 'erase', request, ...changing(given) }
}

const readMatch = (where: string | undefined): Match | undefined => {
  if (where === undefined) return undefined
  const [, column, value] = /^([^=]+)=(.+)$/s.exec(where) ?? []
  if (column === undefined || value === undefined)
    throw new UsageError(`write it as --where COLUMN=VALUE, not "${where}"`)
  return { column, value }
}

const readExplain = (given: Given): CommandOf<'explain'> => {
  const { dataset, where, record, version } = given.values
  const match = readMatch(where)
  const what = 'an object, a batch, a chunk, or the id of a row'
  const about = match && given.args.length === 0 ? undefined : argument(given, what)
  if (match && about !== undefined) throw new UsageError(`explain takes either ${what} or --where`)
  return {
    ...{ kind: 'explain', about, match, dataset, version },
    record: record === undefined ? undefined : numberOf(given, 'record', 0, recordMax),
    ...place(given),
  }
}

const readRebuild = (given: Given): CommandOf<'ledger rebuild'> => {
  refuseArguments(given)
  const { from } = given.values
  if (from !== undefined && !(/^\d{4}-\d{2}-\d{2}$/.test(from) && Date.parse(from)))
    throw new UsageError(`--from must be a day such as 2026-01-01, not "${from}"`)
  return { kind: 'ledger rebuild', from, ...changing(given) }
}

const readRedrive = (given: Given): CommandOf<'dlq redrive'> => {
  const { all = false } = given.values
  if (all === given.args.length > 0)
    throw new UsageError('dlq redrive needs either ids of messages or --all; see --help')
  const messageIds = all ? undefined : [...new Set(given.args)]
  return { kind: 'dlq redrive', messageIds, ...changing(given) }
}

const ofQuarantine = ({ values }: Given) => ({
  ...{ dataset: values.dataset, reason: values.reason },
  ...{ since: readMoment('since', values.since), until: readMoment('until', values.until) },
})

const readEvolve = (given: Given): CommandOf<'drift evolve'> => {
  refuseArguments(given)
  const { dataset, path = [] } = given.values
  if (!dataset) throw new UsageError('drift evolve needs --dataset NAME')
  const since = readMoment('since', given.values.since)
  return { kind: 'drift evolve', dataset, paths: [...new Set(path)], since, ...changing(given) }
}

/** How long a person is kept waiting. */
const deadlineDefault = { pause: '30m', resume: '5m' } as const

const waiting = (kind: 'pause' | 'resume') => (given: Given) => {
  refuseArguments(given)
  const { deadline = deadlineDefault[kind] } = given.values
  return { kind, deadlineMs: readDuration('deadline', deadline), ...changing(given) }
}

const rowsMax = 1000
const rowsDefault = 5
const batchesMax = 10_000
const batchesDefault = 100
/** What one batch takes. */
const triesMax = 1000
const recordMax = Number.MAX_SAFE_INTEGER

const ofQuarantineOptions = ['dataset', 'reason', 'since', 'until'] as const

const readers: Readonly<Record<string, Reader<Command>>> = {
  migrate: { options: ['plan', 'user', 'json'], read: readMigrate },
  invoke: { options: ['event', ...placeOptions], read: readInvoke },
  query: {
    options: placeOptions,
    read: (given) => ({
      ...{ kind: 'query', statement: argument(given, 'a statement in quotes') },
      ...place(given),
    }),
  },
  head: {
    options: ['limit', ...placeOptions],
    read: (given) => ({
      ...{ kind: 'head', table: argument(given, 'a table') },
      ...{ limit: numberOf(given, 'limit', rowsDefault, rowsMax), ...place(given) },
    }),
  },
  generate: {
    options: ['type', 'count', 'seed', 'format', 'out', 'json'],
    read: readGenerate,
  },
  'dataset new': {
    options: ['from', 'time', 'json'],
    read: (given) =>
      readDatasetNew(argument(given, 'a name, such as meter_readings'), given.values),
  },
  doctor: {
    options: placeOptions,
    read: (given) => {
      refuseArguments(given)
      return { kind: 'doctor', ...place(given) }
    },
  },
  try: { options: ['dataset', ...placeOptions], read: readTry },
  reconcile: {
    options: ['prefix', 'since', 'enqueue', 'set-aside', ...placeOptions],
    read: readReconcile,
  },
  replay: {
    options: [
      ...(['via', 'bucket', 'prefix', 'start', 'end', 'force', 'to', 'limit', 'rate'] as const),
      ...changingOptions,
    ],
    read: readReplay,
  },
  adopt: { options: ['table', 'prefix', 'trust-table', ...changingOptions], read: readAdopt },
  'batch list': {
    options: ['state', 'since', 'limit', ...placeOptions],
    read: (given) => {
      refuseArguments(given)
      const state = oneOf('state', given.values.state ?? 'open', listedStates)
      const since = readMoment('since', given.values.since)
      if (since !== undefined && state !== 'committed')
        throw new UsageError('--since goes with --state committed: open batches are all listed')
      const limit = numberOf(given, 'limit', batchesDefault, batchesMax)
      return { kind: 'batch list', state, since, limit, ...place(given) }
    },
  },
  'batch show': {
    options: placeOptions,
    read: (given) => ({ kind: 'batch show', batch: argument(given, 'a batch'), ...place(given) }),
  },
  'batch reject': { options: ['target', ...changingOptions], read: readReject },
  'batch free': {
    options: changingOptions,
    read: (given) => ({
      ...{ kind: 'batch free', batch: argument(given, 'a batch') },
      ...changing(given),
    }),
  },
  repair: { options: changingOptions, read: readRepair },
  rebuild: { options: ['from', 'table', 'since', ...changingOptions], read: readTableRebuild },
  erase: { options: ['dataset', 'where', 'text', ...changingOptions], read: readErase },
  'ledger rebuild': { options: ['from', ...changingOptions], read: readRebuild },
  'quarantine list': {
    options: [...ofQuarantineOptions, 'limit', ...placeOptions],
    read: (given) => {
      refuseArguments(given)
      const limit = numberOf(given, 'limit', batchesDefault, batchesMax)
      return { kind: 'quarantine list', limit, ...ofQuarantine(given), ...place(given) }
    },
  },
  'quarantine show': {
    options: [...ofQuarantineOptions, 'limit', ...placeOptions],
    read: (given) => ({
      ...{ kind: 'quarantine show', limit: numberOf(given, 'limit', rowsDefault, rowsMax) },
      ...{ file: given.args.length === 0 ? undefined : argument(given, 'a file') },
      ...{ ...ofQuarantine(given), ...place(given) },
    }),
  },
  'quarantine replay': {
    options: [...ofQuarantineOptions, ...changingOptions],
    read: (given) => {
      refuseArguments(given)
      return { kind: 'quarantine replay', ...ofQuarantine(given), ...changing(given) }
    },
  },
  'drift show': {
    options: ['dataset', 'since', ...placeOptions],
    read: (given) => {
      refuseArguments(given)
      const { dataset } = given.values
      return {
        kind: 'drift show',
        dataset,
        since: readMoment('since', given.values.since),
        ...place(given),
      }
    },
  },
  'drift evolve': { options: ['dataset', 'path', 'since', ...changingOptions], read: readEvolve },
  status: {
    options: placeOptions,
    read: (given) => {
      refuseArguments(given)
      return { kind: 'status', ...place(given) }
    },
  },
  explain: {
    options: ['dataset', 'where', 'record', 'version', ...placeOptions],
    read: readExplain,
  },
  pause: { options: ['deadline', ...changingOptions], read: waiting('pause') },
  resume: { options: ['deadline', ...changingOptions], read: waiting('resume') },
  ...backfillReaders,
  'dlq list': {
    options: placeOptions,
    read: (given) => {
      refuseArguments(given)
      return { kind: 'dlq list', ...place(given) }
    },
  },
  'dlq show': {
    options: placeOptions,
    read: (given) => ({
      ...{ kind: 'dlq show', messageId: argument(given, 'the id of a message') },
      ...place(given),
    }),
  },
  'dlq redrive': { options: ['all', ...changingOptions], read: readRedrive },
}

export const commandNames: readonly string[] = Object.keys(readers)

const namesOf = (group: string): readonly string[] =>
  Object.keys(readers).filter((name) => name.startsWith(`${group} `))

/** @throws UsageError */
export const readCommandLine = (args: readonly string[]): Command => {
  const { values, positionals } = parse(args)
  const [first, second, ...more] = positionals
  if (values.help || first === undefined || first === 'help')
    return { kind: 'help', of: first === 'help' ? second : first }
  const group = namesOf(first)
  const name = group.length > 0 ? `${first} ${second ?? ''}`.trim() : first
  const rest = group.length > 0 ? more : positionals.slice(1)
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined
  if (!reader) {
    const known = group.length > 0 ? group : commandNames
    throw new UsageError(`there is no command ${name}; there are ${known.join(', ')}`)
  }
  const strange = Object.keys(values).find(
    (option) => !reader.options.includes(option as OptionName),
  )
  if (strange !== undefined) throw new UsageError(`${name} takes no --${strange}; see --help`)
  if (values.dir === '') throw new UsageError('--dir is empty')
  return reader.read({ name, args: rest, values })
}
