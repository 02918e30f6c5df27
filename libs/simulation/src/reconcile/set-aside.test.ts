import { type Batch, Fault, type FaultCode } from '@silversmith/core'
import { expect, test } from 'vitest'
import { pipeline } from '../transform/transform-room.ts'
import { createReconcileRoom, line } from './reconcile-room.ts'

const idle = new AbortController().signal

/** Objects whose name begins with a fault's code end with that fault, until `mend` is called. */
const createBrokenRoom = () => {
  const state = { isMended: false }
  const made = createReconcileRoom({
    bronze: (inner) => ({
      ...inner,
      open: (object, signal) => {
        const code = object.key.split('.')[0] as FaultCode
        if (state.isMended || !code.startsWith('OBJECT_')) return inner.open(object, signal)
        return Promise.reject(new Fault(code, 'over 7 bytes, the limit LINE_BYTES'))
      },
    }),
  })
  return { ...made, mend: () => (state.isMended = true) }
}

const load = async (made: ReturnType<typeof createBrokenRoom>) => {
  const { room } = made
  const names = ['OBJECT_TOO_LARGE', 'OBJECT_UNREADABLE', 'whole']
  await room.run(...names.map((name) => room.put(`${name}.jsonl`, line(name))))
  made.wait()
  return made
}

test('what was not loaded does not match, and is told with what to do about it', async () => {
  const { look, onlyBatch } = await load(createBrokenRoom())
  const { counts, findings } = await look()
  expect(counts).toMatchObject({ matched: 1, setAside: 2, missing: 0, stuck: 0 })
  const place = { kind: 'source-set-aside', batch: onlyBatch() }
  const again = (name: string) => `silversmith reconcile --prefix '${name}' --enqueue --set-aside`
  expect(findings).toMatchObject([
    {
      ...{ ...place, url: 's3://b/OBJECT_TOO_LARGE.jsonl' },
      why: 'nothing of it was loaded, it is too-large: over 7 bytes, the limit LINE_BYTES',
      mend: `split it and upload the parts, or raise the limit that is named; then ${again('OBJECT_TOO_LARGE.jsonl')}`,
    },
    {
      ...{ ...place, url: 's3://b/OBJECT_UNREADABLE.jsonl' },
      why: 'nothing of it was loaded, it is unreadable: over 7 bytes, the limit LINE_BYTES',
      mend: `correct it and upload it again; if it is right as it is: ${again('OBJECT_UNREADABLE.jsonl')}`,
    },
  ])
})

test('it is sent when that is asked for by name, and loaded once when its cause is mended', async () => {
  const { look, countsOf, runSent, room, mend, wait } = await load(createBrokenRoom())
  expect(await countsOf({ enqueue: true })).toMatchObject({ setAside: 2 })
  expect(await countsOf({ setAside: true })).toMatchObject({ setAside: 2 })
  expect(await runSent()).toBe(0)
  mend()
  const sent = await look({ enqueue: true, setAside: true })
  expect(sent.counts).toMatchObject({ setAside: 2, enqueued: 2 })
  expect(sent.findings.map((finding) => finding.mend)).toEqual(
    Array.from({ length: 2 }, () => 'done: it was sent to transform'),
  )
  expect(await runSent()).toBe(2)
  wait()
  expect(await countsOf({ enqueue: true, setAside: true })).toEqual({
    ...{ matched: 3, chunksMatched: 4 },
  })
  expect(room.rows().map((row) => row['id'])).toEqual([
    ...['whole', 'OBJECT_TOO_LARGE', 'OBJECT_UNREADABLE'],
  ])
})

test('poison is told and never sent, for nobody would open it', async () => {
  const { room, ledger, wait, look, runSent } = createReconcileRoom()
  const source = room.put('poison.jsonl', line('p'))
  const { id } = source
  const lost: Batch = {
    ...{ kind: 'batch', id: 'LOST', pipeline, state: 'A', owner: 'o', leaseUntil: 0 },
    ...{ sourceCount: 1, end: 'lost' },
  }
  await ledger.write({ kind: 'claim', id, batch: 'LOST', generation: 0, tries: 3 }, 0, idle)
  await ledger.write(lost, 0, idle)
  await room.run(source)
  expect(room.dispositions()).toEqual({ 'poison.jsonl': 'poison' })
  wait()
  const { counts, findings } = await look({ enqueue: true, setAside: true })
  expect(counts).toMatchObject({ matched: 0, setAside: 1, enqueued: 0 })
  expect(findings).toMatchObject([
    {
      kind: 'source-set-aside',
      mend: 'look at the object, correct it and upload it again: this version is never opened any more',
    },
  ])
  expect(await runSent()).toBe(0)
})

test('nothing is sent of a ledger that lacks batches, whatever was asked for', async () => {
  const { room, look, runSent, mend, ledger } = await load(createBrokenRoom())
  await room.run(room.put('later.jsonl', line('later')))
  mend()
  const later = room.items<Batch>('batch').at(-1)!
  const read: typeof ledger.read = async (keys, signal) => {
    const found = await ledger.read(keys, signal)
    return found.map((one) => (one?.item.id === later.id ? undefined : one))
  }
  const restored = createReconcileRoom({ replace: { ...room, ledger: { ...ledger, read } } })
  const request = { bucket: 'b', prefix: '', enqueue: true, setAside: true }
  const { counts, findings } = await restored.reconcile(request, room.call())
  expect(counts).toMatchObject({ setAside: 2, enqueued: 0 })
  expect(findings.find(({ kind }) => kind === 'source-set-aside')?.mend).toMatch(
    /^silversmith ledger rebuild, then again/,
  )
  expect(await look()).toMatchObject({ counts: { setAside: 2 } })
  expect(await runSent()).toBe(0)
})
