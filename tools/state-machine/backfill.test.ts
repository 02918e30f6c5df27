import { Fault, type Job } from '@silversmith/core'
import { linesOf, meterOf } from '@silversmith/simulation/bulk-room'
import { readFileSync } from 'node:fs'
import { StateMachine } from 'aws-local-stepfunctions'
import { describe, expect, test } from 'vitest'
import { forInterpreter, type MachineName, readDefinition, statesOf } from './definition.ts'
import {
  createMachineRoom,
  type Ended,
  type ExecutionOptions,
  type OnCall,
  type Payload,
} from './machine-room.ts'

type Room = ReturnType<typeof createMachineRoom>

const visited: Record<MachineName, Set<string>> = { backfill: new Set(), 'backfill-map': new Set() }

const start = async (
  room: Room,
  machine: MachineName,
  input: Payload = {},
  options: ExecutionOptions = {},
): Promise<Ended> => {
  const ended = await room.start(machine, { s3_prefix: '', ...input }, options)
  for (const state of ended.entered) visited[machine].add(state)
  return ended
}

const fill = (room: Room, count: number): void => {
  for (let n = 0; n < count; n += 1)
    room.put(`a/${String(n).padStart(4, '0')}.jsonl`, linesOf(`${n}`))
}

const filled = (count = 30, options: Parameters<typeof createMachineRoom>[0] = {}): Room => {
  const room = createMachineRoom({
    pageMax: 10,
    ...options,
    replace: { sliceObjects: 10, ...options.replace },
  })
  fill(room, count)
  return room
}

/** Transform takes what was sent, before the second look. */
const loading =
  (room: Room): OnCall =>
  async ({ n, state }) => {
    room.clock.advance(900_000)
    if (n > 1 && (state === 'Walk' || state === 'End')) await room.load()
  }

const linesOfReport = (room: Room, { output = {} }: Ended): readonly string[] => {
  const read = (key: string): string =>
    Buffer.from(room.store.files.get(key)?.bytes ?? []).toString()
  const key = String(output['report']).replace('s3://silver/', '')
  const { Results } = JSON.parse(read(key)) as { Results: readonly { Key: string }[] }
  return Results.flatMap(({ Key }) => read(Key).trimEnd().split('\n'))
}

const denied = (): never => {
  throw new Fault('STORE_DENIED', 'listing it is denied')
}

describe('the loop', () => {
  test('walks a job to its end: budget, pending objects and report', async () => {
    const room = filled()
    const budget = { objects_per_second: 1 }
    const ended = await start(
      room,
      'backfill',
      { job_id: 'spring', budget },
      {
        onCall: async (call) => {
          await loading(room)(call)
          return call.n < 5 ? 4_000 : 60_000
        },
      },
    )
    expect(ended.output).toMatchObject({
      ...{ job_id: 'spring', state: 'done', success: true, processed_files: 30, pending_files: 0 },
    })
    expect(ended.entered).toEqual(expect.arrayContaining(['Rest', 'Report']))
    expect(ended.entered.filter((state) => state === 'WaitPending')).toHaveLength(1)
    expect(linesOfReport(room, ended)).toHaveLength(30)
    expect(room.shown()).toHaveLength(30)
  })

  test.each([{}, { job_id: null }])('one execution is one job: %j', async (input) => {
    const room = filled(3)
    const options = { name: 'nightly-7', onCall: loading(room) }
    const { output } = await start(room, 'backfill', { ...input, mode: 'sweep' }, options)
    expect(output).toMatchObject({ job_id: 'nightly-7', processed_files: 3 })
  })

  test.each([
    ['pause', 'JobPaused', 'silversmith backfill resume --job spring --yes'],
    ['cancel', 'JobCancelled', 'take another job_id'],
  ] as const)('%s ends it, and says how to go on', async (turn, error, cause) => {
    const room = filled()
    const budget = { objects_per_second: 1 }
    const ended = await start(
      room,
      'backfill',
      { job_id: 'spring', budget },
      {
        onCall: async ({ n }) => {
          if (n === 2) await room.turn('spring', turn)
          return 4_000
        },
      },
    )
    expect(ended).toMatchObject({ error, cause: expect.stringContaining(cause) })
    if (turn === 'cancel') return
    await room.turn('spring', 'resume')
    const again = await start(
      room,
      'backfill',
      { job_id: 'spring', budget },
      {
        onCall: loading(room),
      },
    )
    expect(again.output).toMatchObject({ success: true, processed_files: 30 })
  })

  test('waits while another invocation is at it', async () => {
    const room = filled()
    await room.run('spring', {}, undefined, -1)
    const key = { kind: 'job', id: 'p/spring' } as const
    const [found] = await room.ledger.read([key], room.call().signal)
    const held = { ...found!.item, owner: 'another', leaseUntil: room.clock.now() + 1_000_000 }
    await room.ledger.write(held as Job, found!.revision, room.call().signal)
    const ended = await start(room, 'backfill', { job_id: 'spring' }, { onCall: loading(room) })
    expect(ended.output).toMatchObject({ success: true })
    expect(ended.entered).toContain('WaitBusy')
  })

  test('a prefix that cannot be listed ends as that, and its resumed job as done', async () => {
    let isDenied = true
    const room: Room = filled(3, {
      replace: { bronze: { list: (...args) => (isDenied ? denied() : room.bronze.list(...args)) } },
    })
    const ended = await start(room, 'backfill', { job_id: 'spring' })
    expect(ended).toMatchObject({
      error: 'PartsFailed',
      cause: expect.stringContaining('silversmith backfill resume --job spring --yes'),
    })
    isDenied = false
    await room.turn('spring', 'resume')
    const again = await start(room, 'backfill', { job_id: 'spring' }, { onCall: loading(room) })
    expect(again.output).toMatchObject({ success: true, processed_files: 3 })
  })

  test('begins a new execution of itself after 400 turns, which goes on', async () => {
    const room = filled(405)
    const event = { job_id: 'spring', budget: { objects_per_second: 1 } }
    const inputs: Payload[] = []
    const ended = await start(room, 'backfill', event, {
      onCall: ({ state, payload }) => {
        room.clock.advance(1_000)
        if (state === 'ContinueAsNew') inputs.push(payload)
        return 500
      },
    })
    expect(ended.output).toEqual({ ExecutionArn: 'arn:execution-2' })
    expect(ended.entered.filter((state) => state === 'Walk')).toHaveLength(400)
    expect(inputs[0]).toMatchObject({ StateMachineArn: expect.stringMatching(/:backfill$/) })
    const again = await start(room, 'backfill', inputs[0]?.['Input'] as Payload, {
      onCall: loading(room),
    })
    expect(again.output).toMatchObject({ job_id: 'spring', success: true, processed_files: 405 })
  })
})

const inventoryFields = ['Bucket', 'Key', 'VersionId', 'IsLatest', 'IsDeleteMarker', 'Size']
const allFields = [...inventoryFields, 'LastModifiedDate', 'ETag']

describe('the map', () => {
  const options = (room: Room): ExecutionOptions => ({ batchItems: 7, onCall: loading(room) })

  test('hands a listing out; each object is once in the report', async () => {
    const room = filled()
    const ended = await start(room, 'backfill-map', { job_id: 'spring' }, options(room))
    expect(ended.mapRun).toEqual({ succeeded: 5, failed: 0 })
    expect(ended.entered.filter((state) => state === 'WaitPending')).toHaveLength(1)
    expect(ended.output).toMatchObject({
      ...{ total_files_found: 30, processed_files: 30, success: true, job_id: 'spring' },
    })
    expect(new Set(linesOfReport(room, ended)).size).toBe(30)
    expect(room.shown()).toHaveLength(30)
    const more = await start(room, 'backfill-map', {}, { ...options(room), name: 'second' })
    expect(more.output).toMatchObject({ skipped_files: 30, sent_files: 0, success: true })
  })

  test.each(['+', '%20'])('hands an inventory with versions out: a space is %j', async (plus) => {
    const room = createMachineRoom()
    room.bronze.setBucket('b', 'versioned')
    const keys = ['a b/ø+ü.jsonl', 'a b/100%.jsonl', 'a b/日本 "x",y.jsonl']
    for (const key of keys) for (const n of [1, 2]) room.put(key, linesOf(`${key} ${n}`))
    room.put('other/not.jsonl', linesOf('other'))
    const markers = ['a b/gone.jsonl']
    const inventory = await room.writeInventory(allFields, { markers, plus })
    const input = { s3_prefix: 'a b/', inventory }
    const ended = await start(room, 'backfill-map', input, options(room))
    expect(ended.output).toMatchObject({ total_files_found: 6, processed_files: 6 })
    expect(room.shown()).toEqual(keys.flatMap((key) => [`${key} 1`, `${key} 2`]).toSorted())
    expect(ended.entered).toContain('ShareInventoried')
  })

  test.each(['versioned', 'suspended'] as const)(
    'refuses the listing of a bucket that is %s',
    async (state) => {
      const room = filled(1)
      room.bronze.setBucket('b', state)
      expect(await start(room, 'backfill-map')).toMatchObject({
        error: 'JobStopped',
        cause: expect.stringMatching(/JOB_REFUSED.*ListObjectsV2.*inventory with all versions/s),
      })
    },
  )

  test.each([
    ['versioned', ['Bucket', 'Key', ...allFields.slice(5)], {}, 'lacks VersionId, IsDeleteMarker'],
    ['unversioned', inventoryFields, {}, 'lacks LastModifiedDate, ETag'],
    ['unversioned', allFields, { sourceBucket: 'c' }, 'is an inventory of c'],
    ['unversioned', allFields, { fileFormat: 'ORC' }, 'files in ORC'],
    ['unversioned', allFields, { files: 1 }, 'is no manifest.json'],
  ] as const)('refuses what cannot name objects: %s %j %j', async (state, fields, more, why) => {
    const room = filled(1)
    room.bronze.setBucket('b', state)
    const inventory = await room.writeInventory(fields, more)
    expect(await start(room, 'backfill-map', { inventory })).toMatchObject({
      cause: expect.stringContaining(why),
    })
  })

  test('an inventory that is not there, and an event that is wrong, are told', async () => {
    const room = filled(1)
    const inventory = 's3://inventory/x/manifest.json'
    expect((await start(room, 'backfill-map', { inventory })).cause).toContain(
      'there is no inventory',
    )
    for (const [input, why] of [
      [{ budget: { objects_per_second: 1 } }, 'budget must have concurrency only'],
      [{ start_date: '2026-02-30' }, 'start_date must be a day of the calendar'],
      [{ max_concurrency: 0 }, 'max_concurrency must be'],
      [{ tolerated_failure_percentage: 101 }, 'tolerated_failure_percentage must be'],
      [{ inventory: 'b/c' }, 'inventory must be'],
      [{ dry_run: true }, 'dry_run goes to the function'],
    ] as const)
      expect((await start(room, 'backfill-map', input)).cause).toContain(why)
  })

  test('another execution cannot take its job', async () => {
    const room = filled(8)
    await start(room, 'backfill-map', { job_id: 'spring' }, options(room))
    const other = { ...options(room), name: 'other' }
    expect((await start(room, 'backfill-map', { job_id: 'spring' }, other)).cause).toContain(
      'another request',
    )
    expect((await start(room, 'backfill', { job_id: 'spring' })).cause).toContain('another request')
    await expect(room.goOn('spring')).rejects.toMatchObject({ code: 'JOB_REFUSED' })
  })

  test('pause and cancel count for its children', async () => {
    for (const turn of ['pause', 'cancel'] as const) {
      const room = filled()
      let rests = 0
      const ended = await start(
        room,
        'backfill-map',
        { job_id: 'spring' },
        {
          batchItems: 7,
          onCall: async (call) => {
            if (call.state !== 'ShareListed') return loading(room)(call)
            if (call.n === 3) await room.turn('spring', turn)
            if (call.n === 6 && turn === 'pause') {
              expect(room.queue.bodies).toHaveLength(14)
              rests += 1
              await room.turn('spring', 'resume')
            }
          },
        },
      )
      if (turn === 'pause')
        expect([
          ended.output?.['processed_files'],
          rests,
          ended.entered.includes('RestShareListed'),
        ]).toEqual([30, 1, true])
      else expect(ended).toMatchObject({ error: 'JobCancelled' })
      if (turn === 'cancel') expect(room.queue.bodies).toHaveLength(14)
    }
  })

  test.each(['ShareListed', 'ShareInventoried'])(
    'gives a batch up that waited for too long: %s',
    async (share) => {
      let isFull = true
      const room = filled(3, { replace: { meter: meterOf(() => (isFull ? 9 : 0)) } })
      const inventory = share === 'ShareListed' ? null : await room.writeInventory(allFields, {})
      const input = { inventory, budget: { concurrency: 5 }, tolerated_failure_percentage: 100 }
      const ended = await start(
        room,
        'backfill-map',
        { ...input, job_id: 'spring' },
        {
          onCall: ({ state }) => void (isFull &&= state !== 'End'),
        },
      )
      expect(ended).toMatchObject({
        error: 'BatchesFailed',
        cause: expect.stringMatching(/1 batches of the map failed.*another job_id/s),
        mapRun: { failed: 1 },
      })
      expect(ended.entered.filter((state) => state === share)).toHaveLength(500)
    },
  )

  test('fails as Step Functions does where more fails than is tolerated, so that it can be redriven', async () => {
    const room = filled()
    const ended = await start(
      room,
      'backfill-map',
      {},
      {
        batchItems: 7,
        onCall: ({ state, n }) => {
          if (state === 'ShareListed' && n === 1) throw new Fault('LEDGER_DENIED', 'denied')
        },
      },
    )
    expect(ended.error).toBe('States.ExceedToleratedFailureThreshold')
    for (const [, map] of statesOf(readDefinition('backfill-map')).filter(
      ([, { Type }]) => Type === 'Map',
    ))
      expect([map.Catch, map.Retry]).toEqual([undefined, undefined])
  })

  test('one batch that failed within what is tolerated is told at the end', async () => {
    const room = filled()
    const ended = await start(
      room,
      'backfill-map',
      { tolerated_failure_percentage: 20 },
      {
        batchItems: 7,
        onCall: async (call) => {
          if (call.state === 'ShareListed' && call.n === 1)
            throw new Fault('LEDGER_DENIED', 'denied')
          await loading(room)(call)
        },
      },
    )
    expect(ended).toMatchObject({ error: 'BatchesFailed' })
    expect(room.shown()).toHaveLength(23)
  })
})

describe.each(['backfill', 'backfill-map'] as const)('%s', (machine) => {
  const definition = readDefinition(machine)
  const tasks = statesOf(definition).filter(([, { Type }]) => Type === 'Task')
  const inputFor = async (room: Room, state: string): Promise<Payload> => ({
    job_id: 'spring',
    ...(state === 'ShareInventoried' && { inventory: await room.writeInventory(allFields, {}) }),
    ...(state === 'ContinueAsNew' && { budget: { objects_per_second: 1 } }),
  })
  /** Reaches every task. */
  const onCallOf = (room: Room, fail: (call: { state: string; n: number }) => void) =>
    (async (call) => {
      fail(call)
      if (call.state !== 'Walk' || room.bronze === undefined) await loading(room)(call)
      else if (!isSlow(call.payload)) await loading(room)(call)
      else {
        room.clock.advance(1_000)
        return 500
      }
    }) satisfies OnCall
  const isSlow = ({ budget }: Payload): boolean => budget !== undefined
  const countOf = (state: string): number => (state === 'ContinueAsNew' ? 405 : 8)
  const named = (name: string): Error => {
    const error = new Error('it failed')
    error.name = name
    return error
  }

  test.each(tasks)('%s is tried again when what failed passes by itself', async (name, state) => {
    for (const error of state.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals).slice(0, 3) ?? [
      'none',
    ]) {
      const room = filled(countOf(name))
      const own = error === 'States.TaskFailed' ? 'Sfn.AWSServiceException' : error
      const ended = await start(room, machine, await inputFor(room, name), {
        onCall: onCallOf(room, ({ state, n }) => {
          if (state === name && n <= 3) throw named(own)
        }),
      })
      expect([name, error, ended.error, ended.cause]).toEqual([name, error, undefined, undefined])
    }
    expect(state.Retry).toMatchObject([
      {
        MaxAttempts: 12,
        IntervalSeconds: 5,
        BackoffRate: 2,
        MaxDelaySeconds: 300,
        JitterStrategy: 'FULL',
      },
    ])
  })

  test.each(tasks)('%s that never succeeds ends the execution with what to do', async (name) => {
    const room = filled(countOf(name))
    const ended = await start(room, machine, await inputFor(room, name), {
      onCall: onCallOf(room, ({ state }) => {
        if (state === name) throw new Fault('LEDGER_DENIED', 'denied')
      }),
    })
    if (name.startsWith('Share'))
      return expect(ended.error).toBe('States.ExceedToleratedFailureThreshold')
    expect(ended.error).toBe(name === 'Report' ? 'ReportMissing' : 'JobStopped')
    expect(ended.cause).toMatch(
      /job spring .*silversmith backfill (run|status|report) --job spring/s,
    )
  })

  test('a job without end waits for what is pending so often, and says so', async () => {
    const room = filled(3)
    const ended = await start(room, machine, { job_id: 'spring' })
    expect(ended).toMatchObject({
      error: 'JobPending',
      cause: expect.stringMatching(
        /3 objects are not loaded.*status --job spring.*manifest\.json/s,
      ),
    })
    expect(ended.entered.filter((state) => state === 'WaitPending')).toHaveLength(40)
  })

  test('a report that takes longer than an invocation is left to the CLI', async () => {
    const room = filled(3)
    const ended = await start(
      room,
      machine,
      { job_id: 'spring' },
      {
        onCall: async (call) => (call.state === 'Report' ? -1 : loading(room)(call)),
      },
    )
    expect(ended).toMatchObject({
      error: 'ReportMissing',
      cause: expect.stringMatching(/DEADLINE_REACHED.*backfill report --job spring/s),
    })
  })

  test('nothing in its window is an end of its own', async () => {
    const room = filled(3)
    expect(await start(room, machine, { start_date: '2030-01-01' })).toMatchObject({
      error: 'JobStopped',
      cause: expect.stringContaining('nothing is inside its window'),
    })
    expect((await start(room, 'backfill', { dry_run: true })).error).toBe('DryRun')
  })

  test('is a definition by the schema of the language, and names only what Terraform knows', () => {
    expect(() => new StateMachine(forInterpreter(definition))).not.toThrow()
    expect(JSON.stringify(definition)).not.toContain('${')
  })

  test('stays below 25 000 events, with every retry', () => {
    const eventsOf = (name: string): number => {
      const { Type, Retry = [] } = Object.fromEntries(statesOf(definition))[name] ?? { Type: '' }
      const tries = Retry.reduce((sum, { MaxAttempts }) => sum + MaxAttempts, 0)
      return Type === 'Task' ? 5 + 3 * tries : 2
    }
    const sumOf = (...names: readonly string[]): number =>
      names.reduce((sum, name) => sum + eventsOf(name), 0)
    const most =
      machine === 'backfill'
        ? 400 * sumOf('Walk', 'CountTurn', 'Judge', 'Rest') +
          41 * sumOf('Walk', 'CountTurn', 'Judge', 'Settled', 'WaitPending', 'CountLook')
        : 500 * sumOf('ShareListed', 'CountTurnListed', 'MoreListed', 'RestShareListed')
    expect(most).toBeLessThan(24_900)
  })
})

test.each(['backfill', 'backfill-map'] as const)('the example of %s runs', async (machine) => {
  const url = new URL(`../../examples/events/${machine}.json`, import.meta.url)
  const example = JSON.parse(readFileSync(url, 'utf8')) as Payload
  const room = createMachineRoom({ replace: { meter: meterOf(() => room.queue.bodies.length) } })
  for (const day of [1, 2]) {
    const key = `section/145/video/2026-02-0${day}T10-00-00.000000Z_A.jsonl`
    room.put(key, linesOf(key))
  }
  const inventory = 'inventory' in example ? await room.writeInventory(allFields, {}) : undefined
  const input = { ...example, s3_bucket: 'b', ...(inventory !== undefined && { inventory }) }
  const { output } = await start(room, machine, input, { onCall: loading(room) })
  expect(output).toMatchObject({ job_id: example['job_id'], processed_files: 2, success: true })
})

test('both children are the same but for their names', () => {
  const { Listing, Inventory } = readDefinition('backfill-map').States
  const named = JSON.stringify(Inventory?.ItemProcessor).replaceAll('Inventoried', 'Listed')
  expect(JSON.parse(named)).toEqual(Listing?.ItemProcessor)
})

test.each(['backfill', 'backfill-map'] as const)('every state of %s was entered', (machine) => {
  const all = statesOf(readDefinition(machine)).map(([name]) => name)
  expect([...visited[machine]].toSorted()).toEqual(all.toSorted())
})
