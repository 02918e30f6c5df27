import type { Source } from '@silversmith/core'
import { createReconcile, type Finding, graceMs, manifestPrefix } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { createMemoryLedger } from '../index.ts'
import { createMortalProcess } from '../repair/mortal-process.ts'
import { createRepairRoom, type RepairRoom } from '../repair/repair-room.ts'

const line = (id: string): string => `{"id":"${id}"}`

/** Of each kind and batch, with what mends it. */
const reconcile = async (
  room: RepairRoom,
  { since }: { readonly since?: number } = {},
): Promise<readonly Finding[]> => {
  room.clock.advance(graceMs + 1)
  const look = createReconcile({
    ...room.depsOf(createMortalProcess()),
    routes: [{ prefix: '', suffixes: ['.jsonl'], dataset: 'notes' }],
    tables: ['notes'],
  })
  const request = { bucket: 'b', prefix: '', enqueue: false, ...(since !== undefined && { since }) }
  return (await look(request, room.call())).findings
}

const load = async (room: RepairRoom, ...sources: Source[]): Promise<string> => {
  const before = new Set(room.items('batch').map(({ id }) => id))
  await room.deliver(sources)
  return room.items('batch').find(({ id }) => !before.has(id))!.id
}

const forget = (room: RepairRoom): void => void (room.state.ledger = createMemoryLedger())

const manifestsOf = (room: RepairRoom): readonly string[] =>
  [...room.store.files.keys()].filter((key) => key.startsWith(manifestPrefix))

const namesOf = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ kind, batch, target }) => [kind, batch, target].filter(Boolean).join(' '))

describe('a manifest that is gone', () => {
  test('is found by the rows of its batch, once, also when the objects are gone, too', async () => {
    const room = createRepairRoom()
    const id = await load(room, room.put('a.jsonl', line('a')))
    const [key] = manifestsOf(room)
    await room.store.remove([key!], room.call().signal)
    room.bronze.deleteObject('b', 'a.jsonl')
    expect(await reconcile(room)).toEqual([
      {
        ...{ kind: 'manifest-unreadable', batch: id },
        why: `its manifest ${key} is gone, and there are rows of it in clickhouse, table notes`,
        mend: `put back ${key} from a version or a copy of the silver bucket, and reconcile again`,
      },
    ])
  })

  test('and damaged where the ledger was lost is no reason to give up', async () => {
    const room = createRepairRoom()
    const id = await load(room, room.put('a.jsonl', line('a')))
    const files = room.store.files as Map<string, unknown>
    files.set(manifestsOf(room)[0]!, { bytes: Buffer.from('{"version"') })
    forget(room)
    const [found] = await reconcile(room)
    expect(found).toMatchObject({
      ...{
        kind: 'manifest-unreadable',
        batch: id,
        mend: expect.stringMatching(/^put back .*rebuild/),
      },
    })
  })
})

describe('rows whose batch the ledger lost', () => {
  const mendsOf = async (room: RepairRoom, options?: { readonly since: number }) =>
    (await reconcile(room, options))
      .filter(({ kind }) => kind === 'chunk-of-nobody')
      .map(({ mend }) => mend.replace(/look at the rows.*/, 'delete'))

  test('are not to be deleted while the ledger can be rebuilt, wherever reconcile begins', async () => {
    const room = createRepairRoom()
    await load(room, room.put('a.jsonl', line('a')))
    const since = room.clock.now() + 2 * 86_400_000
    forget(room)
    const first = /^silversmith ledger rebuild, then reconcile again.* Delete nothing before/
    const inBoth = [expect.stringMatching(first), expect.stringMatching(first)]
    expect(await mendsOf(room)).toEqual(inBoth)
    expect(await mendsOf(room, { since })).toEqual(inBoth)
    for (const key of manifestsOf(room)) await room.store.remove([key], room.call().signal)
    expect(await mendsOf(room)).toEqual(['delete', 'delete'])
  })
})

describe('sources that two sealed batches loaded, the ledger having been lost between', () => {
  test('are found; the rows of the batch that no claim names are deleted, and all is well', async () => {
    const room = createRepairRoom()
    const [a, b, c] = ['a', 'b', 'c'].map((id) => room.put(`${id}.jsonl`, line(id)))
    const older = await load(room, a!, b!)
    forget(room)
    const younger = await load(room, a!, b!, c!)
    expect(room.clickhouse()).toHaveLength(5)
    await room.rebuild()
    const found = await reconcile(room)
    expect(namesOf(found)).toEqual([
      `source-doubled ${older} clickhouse`,
      `source-doubled ${older} silver`,
    ])
    expect(found[0]).toMatchObject({
      why: `it holds rows of 2 sources that other batches loaded, too: of s3://b/a.jsonl batch ${younger}, whose claim it has`,
      mend: `delete its rows from clickhouse, those with _chunk like '${older}#%': the runbook says how`,
    })
    room.engine.removeRows('notes', (row) => String(row['_chunk']).startsWith(`${older}#`))
    expect(namesOf(await reconcile(room))).toEqual([`source-doubled ${older} silver`])
    const files = [...room.store.files.keys()].filter(
      (key) => key.startsWith('silver/') && key.includes(older),
    )
    await room.store.remove(files, room.call().signal)
    expect(await reconcile(room)).toEqual([])
    expect(room.clickhouse()).toHaveLength(3)
  })

  test('are put back where ClickHouse had merged away those of the batch that stays', async () => {
    const room = createRepairRoom()
    const a = room.put('a.jsonl', line('a'))
    const older = await load(room, a)
    forget(room)
    const younger = await load(room, a)
    await room.rebuild()
    room.engine.removeRows('notes', (row) => String(row['_chunk']).startsWith(`${younger}#`))
    room.engine.removeRows('notes', (row) => String(row['_chunk']).startsWith(`${older}#`))
    expect(namesOf(await reconcile(room))).toEqual([
      `source-doubled ${older} silver`,
      `chunk-missing ${younger} clickhouse`,
    ])
    expect(await room.repair(younger)).toMatchObject({ outcome: 'whole' })
    expect(room.clickhouse()).toMatchObject([{ _chunk: `${younger}#0` }])
  })

  test('beside others are found, and the mend says that the others stay', async () => {
    const room = createRepairRoom()
    const [a, b] = ['a', 'b'].map((id) => room.put(`${id}.jsonl`, line(id)))
    const older = await load(room, a!, b!)
    forget(room)
    await load(room, a!)
    await room.rebuild()
    const [found] = await reconcile(room)
    expect(found).toMatchObject({
      ...{ kind: 'source-doubled', batch: older },
      mend: expect.stringMatching(/^delete its rows of these sources, and of no others, from/),
    })
    // What is not doubled is still missed.
    room.engine.removeRows('notes', (row) => String(row['_chunk']).startsWith(`${older}#`))
    expect(namesOf(await reconcile(room))).toContain(`chunk-missing ${older} clickhouse`)
  })

  test('a reload of a source is no doubling', async () => {
    const room = createRepairRoom()
    const a = room.put('a.jsonl', line('a'))
    await load(room, a)
    await load(room, { ...a, generation: 1 })
    expect(await reconcile(room)).toEqual([])
  })
})
