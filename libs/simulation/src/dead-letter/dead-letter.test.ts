import {
  type DeadLetter,
  Fault,
  objectOfMessage,
  readObjectsMessage,
  sourceIdOf,
  writeObjectsMessage,
} from '@silversmith/core'
import type { Source } from '@silversmith/core'
import { diagnose, lookAt, redrive } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryReplicator } from '../memory/memory-replicator.ts'
import { createRoom, pipeline } from '../transform/transform-room.ts'
import type { RoomOptions } from '../transform/transform-room.ts'
import { createLetterBox } from './letter-box.ts'

const dayMs = 86_400_000
const unavailable = new Fault('QUEUE_UNAVAILABLE', 'no answer')

const createScene = (options: RoomOptions = {}) => {
  const room = createRoom(options)
  const box = createLetterBox(room.clock)
  const bodyOf = (source: Source): string =>
    writeObjectsMessage(pipeline, { kind: 'source', source })
  const send = (...sources: Source[]): void => sources.forEach((one) => box.send(bodyOf(one)))
  /** Transform takes what is on the queue; what stays there dies. */
  const work = async (): Promise<readonly string[]> => {
    const deliveries = box.take().map(({ messageId, body }) => ({
      messageId,
      message: readObjectsMessage(pipeline, body),
    }))
    return room.transform(deliveries, room.call())
  }
  const redriveWith = (ids: readonly string[] | undefined, dryRun = false) =>
    redrive(room.clock, [box.dead], { ids, dryRun }, room.call())
  const look = (lettersMax = 1_000) =>
    lookAt({ clock: room.clock, queue: box.dead, lettersMax }, room.call())
  const deps = (buckets: readonly string[] | undefined = ['b']) => ({
    ...{ pipeline, buckets, clock: room.clock, ledger: room.ledger, store: room.store },
    bronze: room.bronze,
    replay: { prefix: '_replay/', replicator: createMemoryReplicator(room.bronze) },
    routes: [{ prefix: '', suffixes: ['.jsonl'], dataset: 'notes' }],
  })
  const letterOf = (body: string, queue = 'objects'): DeadLetter => ({
    ...{ queue, messageId: 'm', body, attributes: {}, receiveCount: 50, sentAt: 0, receipt: 'r' },
    ...{ identity: { queueArn: 'arn:q', messageId: 'm' }, firstReceivedAt: undefined },
  })
  const reasonOf = async (letter: string | Source, queue?: string, buckets?: readonly string[]) => {
    const body = typeof letter === 'string' ? letter : bodyOf(letter)
    const [found] = await diagnose(deps(buckets), [letterOf(body, queue)], room.call())
    if (!found) throw new Error('a letter has a diagnosis')
    return found
  }
  const all = async () => ({
    clickhouse: room.names(room.rows()),
    silver: room.names(await room.silver()),
  })
  return { ...room, box, send, work, redriveWith, look, deps, letterOf, reasonOf, bodyOf, all }
}

const twoRows = '{"id":"a0"}\n{"id":"a1"}'

describe('a letter about a copy', () => {
  const ask = (scene: ReturnType<typeof createScene>, key: string) =>
    scene.reasonOf(JSON.stringify({ bucket: 'b', key }), 'arrivals')

  test('is about the object that it is of, also where only the copy is left', async () => {
    const scene = createScene()
    const source = scene.put('a.jsonl', twoRows)
    const copy = '_replay/r/a.jsonl'
    const { replicator } = scene.deps().replay
    await replicator.copy(source.object, { key: copy, generation: 0 }, scene.call().signal)
    scene.bronze.deleteObject('b', 'a.jsonl')
    expect(await ask(scene, copy)).toMatchObject({ reason: 'never-begun', about: 's3://b/a.jsonl' })
    scene.bronze.deleteObject('b', copy)
    expect(await ask(scene, copy)).toMatchObject({ reason: 'object-gone' })
  })

  test('that does not say of which is told to be none', async () => {
    const scene = createScene()
    scene.put('_replay/by-hand.jsonl', twoRows)
    const found = await ask(scene, '_replay/by-hand.jsonl')
    expect(found).toMatchObject({ reason: 'unreadable', about: 's3://b/_replay/by-hand.jsonl' })
    expect(found.detail).toContain('does not say which object it is a copy of')
  })
})

describe('a redrive', () => {
  test('of all leaves the letters it cannot help, and says why; asked for by its id, one goes all the same', async () => {
    const scene = createScene()
    const { box } = scene
    const [good, gone] = [scene.put('a.jsonl', twoRows), scene.put('b.jsonl', twoRows)]
    scene.bronze.deleteObject('b', 'b.jsonl')
    scene.send(good, gone)
    box.send('not a message of ours')
    box.die()
    const ask = (ids: readonly string[] | undefined, dryRun = false) =>
      redrive(
        scene.clock,
        [box.dead],
        { ids, dryRun, diagnose: (page, call) => diagnose(scene.deps(), page, call) },
        scene.call(),
      )
    const planned = await ask(undefined, true)
    expect(planned.redriven.map(({ reason }) => reason)).toEqual(['never-begun'])
    const { redriven, left } = await ask(undefined)
    expect(redriven).toEqual(planned.redriven)
    expect(left).toEqual(planned.left)
    expect(left.map(({ reason }) => reason).toSorted()).toEqual(['object-gone', 'unreadable'])
    await scene.work()
    expect(await scene.all()).toMatchObject({
      clickhouse: expect.arrayContaining([expect.stringContaining('a0')]),
    })
    const ids = left.map(({ messageId }) => messageId)
    const reasons = (await ask(ids, true)).redriven.map(({ reason }) => reason)
    expect(reasons.toSorted()).toEqual(['object-gone', 'unreadable'])
    expect((await ask(ids)).redriven).toHaveLength(2)
  })

  test.each([
    ['of ours', (scene: ReturnType<typeof createScene>) => scene.redriveWith(undefined)],
    ['by the console', async ({ box }: ReturnType<typeof createScene>) => box.moveByConsole()],
  ])('%s changes nothing twice, ten days after the object was loaded', async (_, again) => {
    const scene = createScene()
    const source = scene.put('a.jsonl', twoRows)
    scene.send(source, source)
    await scene.work()
    const before = await scene.all()
    expect(before.clickhouse).toHaveLength(2)
    const [batch] = scene.items('batch')
    scene.send(source)
    scene.box.send(writeObjectsMessage(pipeline, { kind: 'batch', batch: batch?.id ?? '' }))
    scene.box.die()
    scene.clock.advance(10 * dayMs)
    await again(scene)
    expect(scene.box.main).toHaveLength(2)
    expect(scene.box.letters).toEqual([])
    expect(await scene.work()).toEqual([])
    expect(await scene.all()).toEqual(before)
  })

  test('loads once what had never been loaded, though every step of it was repeated', async () => {
    const scene = createScene()
    scene.send(scene.put('a.jsonl', twoRows))
    scene.box.die()
    scene.clock.advance(3 * dayMs)
    // The process dies after the send: the letter is in both queues.
    scene.box.fail('remove', unavailable, 1_000)
    expect(await scene.redriveWith(undefined)).toMatchObject({
      ...{ redriven: [], problems: [{ messageId: 'm1', sent: true }] },
    })
    scene.box.fail('remove', unavailable, 0)
    expect(await scene.redriveWith(undefined)).toMatchObject({
      ...{ redriven: [{ messageId: 'm1' }], problems: [] },
    })
    expect(scene.box.main).toHaveLength(2)
    expect(scene.box.letters).toEqual([])
    await scene.work()
    expect((await scene.all()).clickhouse).toEqual(['s3://b/a.jsonl#0=a0', 's3://b/a.jsonl#1=a1'])
  })

  test('keeps the identity of a raw message, however often; a console redrive makes another of it', async () => {
    const { box, redriveWith } = createScene()
    box.send('a raw message')
    const first = box.main.map(box.identify)
    for (let round = 0; round < 3; round += 1) {
      box.die()
      await redriveWith(undefined)
      expect(box.main.map(({ body }) => body)).toEqual(['a raw message'])
      expect(box.main.map(box.identify)).toEqual(first)
    }
    box.die()
    box.moveByConsole()
    expect(box.main.map(({ body }) => body)).toEqual(['a raw message'])
    expect(box.main.map(box.identify)).not.toEqual(first)
  })

  test('takes only those asked for, puts the others back in sight, and names those not found', async () => {
    const { box, redriveWith, look } = createScene()
    for (let n = 1; n <= 25; n += 1) box.send(`b${n}`)
    box.die()
    const result = await redriveWith(['m13', 'm25', 'm99'])
    expect(result).toMatchObject({ missing: ['m99'], problems: [], whole: true })
    expect(result.redriven.map(({ messageId }) => messageId).sort()).toEqual(['m13', 'm25'])
    expect(box.main.map(({ body }) => body).sort()).toEqual(['b13', 'b25'])
    expect((await look()).letters).toHaveLength(23)
  })

  test('goes on past letters it cannot send, tells them and leaves them', async () => {
    const { box, redriveWith, look } = createScene()
    for (let n = 1; n <= 12; n += 1) box.send(`b${n}`)
    box.die()
    box.fail('resend', new Fault('QUEUE_DENIED', 'too long'), 3)
    const { redriven, problems } = await redriveWith(undefined)
    expect(problems).toMatchObject(
      Array(3).fill({ sent: false, problem: 'QUEUE_DENIED: too long' }),
    )
    expect(redriven).toHaveLength(9)
    expect(box.main).toHaveLength(9)
    const left = (await look()).letters.map(({ messageId }) => messageId).sort()
    expect(left).toEqual(problems.map(({ messageId }) => messageId).sort())
  })

  test('sends nothing in a dry run', async () => {
    const { box, redriveWith, look } = createScene()
    box.send('b')
    box.die()
    expect(await redriveWith(undefined, true)).toMatchObject({
      redriven: [{ messageId: 'm1', queue: box.dead.name }],
    })
    expect(box.main).toEqual([])
    expect((await look()).letters).toHaveLength(1)
  })
})

describe('a look', () => {
  test('shows each letter once though SQS gives some twice, and leaves all in sight', async () => {
    const { box, look } = createScene()
    for (let n = 1; n <= 23; n += 1) box.send(`b${n}`)
    box.die()
    box.repeat()
    for (let round = 0; round < 2; round += 1) {
      const { letters, whole } = await look()
      expect(whole).toBe(true)
      expect(new Set(letters.map(({ messageId }) => messageId)).size).toBe(23)
      expect(letters).toHaveLength(23)
    }
  })

  test('puts back what it has when the queue goes away, and says when there is more', async () => {
    const { box, look, clock } = createScene()
    for (let n = 1; n <= 15; n += 1) box.send(`b${n}`)
    box.die()
    expect(await look(10)).toMatchObject({ whole: false, letters: { length: 10 } })
    const before = clock.now()
    box.fail('receive', new Fault('QUEUE_DENIED', 'no permission'), 1)
    await expect(look()).rejects.toThrow('no permission')
    expect((await look()).letters).toHaveLength(15)
    expect(clock.now()).toBe(before)
  })
})

describe('the reason of a letter', () => {
  const eventOf = (key: string, bucket = 'b') => JSON.stringify({ bucket, key })

  test('is that its source is loaded', async () => {
    const { put, run, reasonOf } = createScene()
    const source = put('a.jsonl', `${twoRows}\noops`)
    await run(source)
    expect(await reasonOf(source)).toMatchObject({
      ...{ reason: 'already-loaded', harmless: true, about: 's3://b/a.jsonl' },
      detail: expect.stringMatching(/^2 rows, 1 rejected, in batch /),
    })
    expect(await reasonOf(eventOf('a.jsonl'), 'arrivals')).toMatchObject({
      reason: 'already-loaded',
    })
    const reload = { ...source, generation: 1 }
    expect(await reasonOf(reload)).toMatchObject({ reason: 'never-begun', harmless: false })
  })

  test('is that it was never begun, has no route, or has no object any more', async () => {
    const { put, bronze, reasonOf } = createScene()
    expect(await reasonOf(put('a.jsonl', '{"id":"a"}'))).toMatchObject({ reason: 'never-begun' })
    const unrouted = put('a.txt', 'x')
    expect(await reasonOf(unrouted)).toMatchObject({ reason: 'unrouted' })
    const replaced = put('b.jsonl', '{"id":"b"}')
    bronze.putObject('b', 'b.jsonl', Buffer.from('other'))
    expect(await reasonOf(replaced)).toMatchObject({ reason: 'object-gone' })
    expect(await reasonOf(eventOf('none.jsonl'), 'arrivals')).toMatchObject({
      ...{ reason: 'object-gone', about: 's3://b/none.jsonl' },
    })
  })

  test('is what its batch fails with, for the source and for the message of the batch', async () => {
    const refuse = () => Promise.reject(new Fault('TARGET_DENIED', 'no GRANT'))
    const { put, run, items, reasonOf } = createScene({
      clickhouse: (target) => ({ ...target, put: refuse }),
    })
    const source = put('a.jsonl', twoRows)
    await run(source)
    const [batch] = items('batch')
    const told = {
      ...{ reason: 'batch-waits', harmless: false },
      detail: `batch ${batch?.id ?? ''} fails with clickhouse: TARGET_DENIED: no GRANT`,
    }
    expect(await reasonOf(source)).toMatchObject(told)
    const ofBatch = writeObjectsMessage(pipeline, { kind: 'batch', batch: batch?.id ?? '' })
    expect(await reasonOf(ofBatch)).toMatchObject({ ...told, about: `batch ${batch?.id ?? ''}` })
  })

  test('is that its batch was committed, or that the ledger lacks it', async () => {
    const { put, run, items, reasonOf, ledger, call } = createScene()
    await run(put('a.jsonl', twoRows))
    const ofBatch = (batch: string) => writeObjectsMessage(pipeline, { kind: 'batch', batch })
    expect(await reasonOf(ofBatch(items('batch')[0]?.id ?? ''))).toMatchObject({
      ...{ reason: 'already-applied', harmless: true },
    })
    expect(await reasonOf(ofBatch('none'))).toMatchObject({ reason: 'claim-without-batch' })
    const claimed = put('b.jsonl', '{"id":"b"}')
    const claim = { kind: 'claim', id: claimed.id, batch: 'none', generation: 0, tries: 0 } as const
    await ledger.write(claim, 0, call().signal)
    expect(await reasonOf(claimed)).toMatchObject({
      ...{ reason: 'claim-without-batch', harmless: false, about: 's3://b/b.jsonl' },
      advice: expect.stringContaining('ledger rebuild'),
    })
  })

  test('is how the last batch with it ended, or that one is at it', async () => {
    const { put, reasonOf, ledger, call, clock } = createScene()
    const source = put('a.jsonl', twoRows)
    const base = { kind: 'batch', pipeline, owner: 'o', sourceCount: 1 } as const
    const write = async (id: string, more: object, tries: number): Promise<void> => {
      const batch = { ...base, id, state: 'F' as const, leaseUntil: 0, ...more }
      await ledger.write(batch, 0, call().signal)
      const [found] = await ledger.read([{ kind: 'claim', id: source.id }], call().signal)
      const claim = { kind: 'claim', id: source.id, batch: id, generation: 0, tries } as const
      await ledger.write(claim, found?.revision ?? 0, call().signal)
    }
    await write('live', { leaseUntil: clock.now() + 1 }, 0)
    expect(await reasonOf(source)).toMatchObject({ reason: 'in-work' })
    await write('lost', { state: 'A', end: 'lost' }, 2)
    expect(await reasonOf(source)).toMatchObject({
      ...{ reason: 'suspected', detail: expect.stringContaining('2 of 3 times') },
    })
    await write('failed', { state: 'A', end: 'failed' }, 0)
    expect(await reasonOf(source)).toMatchObject({ reason: 'batch-failed' })
  })

  test('is what its batch sealed it as, where nothing of it is anywhere', async () => {
    const { put, run, reasonOf, store, manifests, call } = createScene({
      limits: { objectBytesMax: 5 },
    })
    const source = put('a.jsonl', twoRows)
    await run(source)
    expect(await reasonOf(source)).toMatchObject({
      ...{ reason: 'set-aside', harmless: false },
      detail: expect.stringMatching(/sealed it as too-large: .*MAX_S3_OBJECT_BYTES/),
    })
    const [manifest] = manifests()
    const keys = [...store.files.keys()].filter((key) => key.includes(manifest?.batch ?? ''))
    await store.remove(keys, call().signal)
    expect(await reasonOf(source)).toMatchObject({ reason: 'manifest-unreadable' })
  })

  test('is that its body is none of ours, without a word of it', async () => {
    const { reasonOf, bodyOf, put } = createScene()
    const other = bodyOf(put('a.jsonl', 'x')).replace('"p"', '"q"')
    expect(await reasonOf(other)).toMatchObject({
      ...{ reason: 'other-pipeline', detail: expect.stringContaining('pipeline q') },
    })
    expect(await reasonOf(eventOf('a.jsonl'))).toMatchObject({
      ...{ reason: 'unreadable', detail: expect.stringContaining('arrivals queue') },
    })
    for (const queue of ['objects', 'arrivals'])
      expect(JSON.stringify(await reasonOf('secret payload', queue))).not.toContain('secret')
    expect(await reasonOf('{"a":1}', 'arrivals')).toMatchObject({ reason: 'unreadable' })
  })

  test("is of a message that is data: told by its claim, for its body is nobody's", async () => {
    const scene = createScene()
    const identity = { queueArn: 'arn:aws:sqs:r:1:orders', messageId: 'm1' }
    const object = objectOfMessage(identity)
    const about = 'arn:aws:sqs:r:1:orders/m1'
    const letter = { ...scene.letterOf('{"v":1}', 'messages/orders'), identity }
    const ask = async () => (await diagnose(scene.deps(), [letter], scene.call()))[0]
    expect(await ask()).toMatchObject({ reason: 'never-begun', about, harmless: false })
    await scene.run({
      ...{ id: sourceIdOf(pipeline, object), object, dataset: 'notes', generation: 0 },
      content: { bytes: Buffer.from('{"id":"a"}'), sentAt: 0 },
    })
    expect(await ask()).toMatchObject({ reason: 'already-loaded', about, harmless: true })
  })

  test('is of an event: another bucket, nothing to load, or the object that needs a person', async () => {
    const { reasonOf, put, run } = createScene()
    expect(await reasonOf(eventOf('a.jsonl', 'other'), 'arrivals')).toMatchObject({
      ...{ reason: 'other-bucket', about: 's3://other/a.jsonl' },
    })
    expect(await reasonOf('{"Event":"s3:TestEvent"}', 'arrivals')).toMatchObject({
      ...{ reason: 'nothing-to-load', harmless: true },
    })
    const loaded = put('a.jsonl', twoRows)
    await run(loaded)
    const record = (source: Source) => ({
      ...{ eventVersion: '2.1', eventName: 'ObjectCreated:Put' },
      s3: {
        bucket: { name: 'b' },
        object: { key: source.object.key, eTag: source.object.version },
      },
    })
    const event = { Records: [record(loaded), record(put('b.jsonl', '{"id":"b"}'))] }
    expect(await reasonOf(JSON.stringify(event), 'arrivals')).toMatchObject({
      ...{ reason: 'never-begun', about: 's3://b/b.jsonl' },
      detail: expect.stringContaining('1 more'),
    })
  })

  test('is unknown where nobody can look, and costs the other letters nothing', async () => {
    const { put, deps, letterOf, bodyOf, call } = createScene()
    const open = () => Promise.reject(new Fault('STORE_DENIED', 'no permission'))
    const letters = [letterOf(bodyOf(put('a.jsonl', twoRows))), letterOf('x')]
    const broken = { ...deps(), bronze: { head: open, open } }
    expect(await diagnose(broken, letters, call())).toMatchObject([
      { reason: 'unknown', detail: 'STORE_DENIED: no permission' },
      { reason: 'unreadable' },
    ])
  })
})
