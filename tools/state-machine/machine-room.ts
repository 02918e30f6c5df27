import type { Bronze, ListedObject } from '@silversmith/core'
import {
  createBulkMode,
  createHandler,
  createMapMode,
  withFaultNames,
} from '@silversmith/bulk/modes'
import { type BulkRoomOptions, createBulkRoom } from '@silversmith/simulation/bulk-room'
import { type RunOptions, StateMachine } from 'aws-local-stepfunctions'
import type { Context } from 'aws-lambda'
import { gzipSync } from 'node:zlib'
import { forInterpreter, type MachineName, readDefinition, statesOf } from './definition.ts'
import { type MapInput, type MapRun, runMap, withoutMaps } from './distributed-map.ts'

export type Payload = Readonly<Record<string, unknown>>

/** One call of a state's task; `n` counts those of the state, from 1. */
export interface TaskCall {
  readonly state: string
  readonly n: number
  readonly payload: Payload
}

/** What it throws is what the task fails with; a number is the call's time in ms. */
export type OnCall = (call: TaskCall) => Promise<number | void> | number | void

export interface ExecutionOptions {
  readonly name?: string
  /** Before each call of a task. */
  readonly onCall?: OnCall
  /** Items in a batch of a map; as the definition says when absent. */
  readonly batchItems?: number
}

export interface Ended {
  readonly output?: Payload
  readonly error?: string
  readonly cause?: string
  /** In their order, those of children where they ran. */
  readonly entered: readonly string[]
  readonly mapRun?: MapRun | undefined
}

const callMs = 60_000
/** Of one task: 400 turns with their retries, and more. */
const callsMax = 1_000

/** Both state machines over the production modes of bulk, on ports in memory. */
export const createMachineRoom = (options: BulkRoomOptions = {}) => {
  const room = createBulkRoom(options)
  const { bronze, clock } = room
  bronze.setBucket('inventory', 'unversioned')
  const deps = {
    ...{ ...room.deps, bronze: { ...bronze, ...options.replace?.bronze } },
    ...{ buckets: ['b'], silverBucket: 'silver', replayPrefix: '_replay/' },
  }
  const modes = { bulk: createBulkMode(deps), map: createMapMode(deps) }
  const handler = withFaultNames(createHandler({ modes, now: clock.now }))
  let invocations = 0
  const invoke = async (payload: Payload, forMs: number): Promise<object> => {
    const marginMs = 5_000
    const context = {
      awsRequestId: `${(invocations += 1)}`,
      getRemainingTimeInMillis: () => forMs + marginMs,
    }
    // Through JSON, as between services.
    const answer = await handler(JSON.parse(JSON.stringify(payload)), context as Context)
    return JSON.parse(JSON.stringify(answer)) as object
  }

  const start = async (
    machine: MachineName,
    input: Payload,
    { name = 'execution-1', onCall = () => undefined, batchItems }: ExecutionOptions = {},
  ): Promise<Ended> => {
    const definition = readDefinition(machine)
    const entered: string[] = []
    const counts = new Map<string, number>()
    let mapRun: MapRun | undefined
    const tasks = statesOf(definition).filter(([, { Type }]) => Type === 'Task' || Type === 'Map')
    const context = {
      Execution: { Name: name, Input: input },
      StateMachine: { Id: `arn:aws:states:eu-west-1:123456789012:stateMachine:${machine}` },
    }
    const run = async (definition: ReturnType<typeof withoutMaps>, input: Payload) => {
      const options = { validationOptions: { noValidate: true } }
      const execution = new StateMachine(forInterpreter(definition), options).run(
        input as Parameters<StateMachine['run']>[0],
        { overrides, context: structuredClone(context) as RunOptions['context'] & object },
      )
      const watch = (async () => {
        for await (const event of execution.eventLogs)
          if (event.type === 'StateEntered') entered.push(event.state.name)
      })()
      try {
        return (await execution.result) as Payload
      } finally {
        await watch.catch(() => undefined)
      }
    }
    const handle = async (state: string, given: Payload): Promise<object> => {
      const n = (counts.get(state) ?? 0) + 1
      counts.set(state, n)
      if (n > callsMax) throw new RangeError(`${state} is called without end`)
      const own = definition.States[state]
      const payload = (given['Payload'] ?? given) as Payload
      const forMs = (await onCall({ state, n, payload })) ?? callMs
      if (own?.ItemProcessor) {
        const { ItemProcessor: child, ItemBatcher: batcher } = own
        const map = {
          ...own,
          ...(batcher && {
            ItemBatcher: { ...batcher, MaxItemsPerBatch: batchItems ?? batcher.MaxItemsPerBatch },
          }),
        }
        const runChild = (input: object) => run(child, input as Payload)
        mapRun = await runMap(map, given as unknown as MapInput, bronze as Bronze, runChild)
        return { MapRunArn: 'arn:map-run' }
      }
      if (own?.Resource?.endsWith(':startExecution')) return { ExecutionArn: 'arn:execution-2' }
      if (own?.Resource?.endsWith(':describeMapRun'))
        return {
          ExecutionCounts: { Failed: mapRun?.failed ?? 0, TimedOut: 0, Aborted: 0 },
        }
      return { Payload: await invoke(payload, forMs) }
    }
    const overrides = {
      taskResourceLocalHandlers: Object.fromEntries(
        tasks.map(([state]) => [state, (given: unknown) => handle(state, given as Payload)]),
      ),
      // Waits until a time are not overridden: the clock of the room is in the past.
      waitTimeOverrides: { WaitBusy: 0, WaitPending: 0 },
      retryIntervalOverrides: Object.fromEntries(tasks.map(([state]) => [state, 0])),
    } as unknown as NonNullable<RunOptions['overrides']>
    try {
      const output = await run(withoutMaps(definition), input)
      return { output, entered, mapRun }
    } catch (failure) {
      const cause = (failure as Error).cause as Error | undefined
      const { name: error, message } = cause ?? (failure as Error)
      return { error, cause: message, entered, mapRun }
    }
  }

  /** As S3 writes one of bucket `b`: in CSV with quotes, gzipped, keys URL-encoded; markers are delete markers. */
  const writeInventory = async (
    fields: readonly string[],
    { markers = [], plus = '+', ...more }: Payload & { markers?: readonly string[]; plus?: string },
  ): Promise<string> => {
    const objects: ListedObject[] = []
    let from: string | undefined
    do {
      const page = await bronze.list('b', '', from, new AbortController().signal)
      objects.push(...page.objects)
      from = page.next
    } while (from !== undefined)
    const encode = (key: string) => encodeURIComponent(key).replaceAll('%20', plus)
    const rows = [
      ...objects.map(({ object, etag, sizeBytes, lastModified }) => ({
        ...{ Bucket: 'b', Key: encode(object.key), ETag: etag, Size: `${sizeBytes}` },
        ...{ VersionId: object.versioned ? object.version : '', IsLatest: 'true' },
        ...{ IsDeleteMarker: 'false', LastModifiedDate: new Date(lastModified).toISOString() },
      })),
      ...markers.map((key) => ({
        ...{ Bucket: 'b', Key: encode(key), ETag: '', Size: '', VersionId: 'm', IsLatest: 'true' },
        ...{ IsDeleteMarker: 'true', LastModifiedDate: '2026-01-01T00:00:00.000Z' },
      })),
    ] as readonly Readonly<Record<string, string>>[]
    const lines = rows.map((row) => fields.map((field) => `"${row[field] ?? ''}"`).join(','))
    bronze.putObject('inventory', 'data/1.csv.gz', gzipSync(`${lines.join('\n')}\n`))
    const manifest = {
      ...{ sourceBucket: 'b', destinationBucket: 'arn:aws:s3:::inventory', fileFormat: 'CSV' },
      ...{
        version: '2016-11-30',
        fileSchema: fields.join(', '),
        files: [{ key: 'data/1.csv.gz' }],
      },
      ...more,
    }
    const key = 'b/all/2026-01-01T00-00Z/manifest.json'
    bronze.putObject('inventory', key, Buffer.from(JSON.stringify(manifest)))
    return `s3://inventory/${key}`
  }

  return { ...room, start, writeInventory }
}
