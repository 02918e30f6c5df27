import { type Batch, type Dataset, Fault, type LedgerItem, type Table } from '@silversmith/core'
import { createTableRebuild, eraseRecords } from '@silversmith/flow'
import { describe, expect, test } from 'vitest'
import { sha256Of } from '../index.ts'
import { createMortalProcess, type MortalProcess } from '../repair/mortal-process.ts'
import { notes } from '../transform/transform-room.ts'
import { createRebuildRoom, type RebuildRoom } from './rebuild-room.ts'

const dayMs = 86_400_000
/** Three days of January in one chunk, one of February in another. */
const lines = [0, 1, 1, 2, 40].map(
  (day, n) => `{"id":"${n}","at":${Date.UTC(2026, 0, 1) + day * dayMs}}`,
)

const load = async (room: RebuildRoom, key = 'a.jsonl', generation = 0) => {
  const source = { ...room.put(key, lines.join('\n')), generation }
  expect(await room.deliver([source])).toEqual([])
  return source
}
/** A batch of five rows, and one that reloads it: with an entry of `_reloads`. */
const loadTwice = async (room: RebuildRoom) => {
  const source = await load(room)
  room.clock.advance(dayMs)
  expect(await room.deliver([{ ...source, generation: 1 }])).toEqual([])
  return source
}
const silverKeys = (room: RebuildRoom): readonly string[] =>
  [...room.store.files.keys()].filter((key) => key.startsWith('silver/')).sort()
const live = createMortalProcess

test('fills what was emptied, says what, and finds it there the next time', async () => {
  const room = createRebuildRoom()
  await loadTwice(room)
  const before = room.rows()
  room.truncate()
  const counts = { batches: 2, chunksFilled: 5, rowsFilled: 11, chunksThere: 0, chunksLeft: 0 }
  const ledger = JSON.stringify(room.state.ledger.items())
  expect(await room.fill({ dryRun: true })).toMatchObject({ counts, findings: [] })
  expect(room.rows()).toEqual([])
  const report = await room.fill()
  expect(report).toMatchObject({ counts, findings: [] })
  expect(report).not.toHaveProperty('next')
  expect(room.rows()).toEqual(before)
  // Nothing is claimed, nothing sealed.
  const others = room.state.ledger.items().filter(({ item }) => item.kind !== 'checkpoint')
  expect(JSON.stringify(others)).toBe(ledger)
  const again = { batches: 2, chunksFilled: 0, chunksThere: 5, rowsThere: 11 }
  expect(await room.fill()).toMatchObject({ counts: again })
  expect(room.rows()).toEqual(before)
})

test('a chunk of several days is one INSERT under the token of its batch', async () => {
  const room = createRebuildRoom()
  await load(room)
  room.truncate()
  const { mender, ...deps } = room.rebuildDepsOf(live())
  const tokens: string[] = []
  const fill: typeof mender.fill = (batch, chunk, file, signal) => {
    tokens.push(`${chunk.rows} ${file.token}`)
    return mender.fill(batch, chunk, file, signal)
  }
  await createTableRebuild({ ...deps, mender: { fill } })({ dryRun: false }, room.call())
  const [{ id } = { id: '' }] = room.items<Batch>('batch')
  expect(tokens).toEqual([`4 ${id}#0`, `1 ${id}#1`])
})

test('only the tables asked for, and batches since that day', async () => {
  const room = createRebuildRoom()
  await loadTwice(room)
  const before = room.rows()
  room.truncate()
  const later = { since: room.clock.now() }
  expect(await room.fill({ ...later, tables: ['_reloads'], dryRun: true })).toMatchObject({
    counts: { batches: 1, chunksFilled: 1 },
  })
  expect(await room.fill({ tables: ['notes'] })).toMatchObject({ counts: { chunksFilled: 4 } })
  expect(room.rows()).toEqual(before.filter((row) => !row.endsWith(' notes')))
  expect(await room.fill({ tables: ['_reloads'] })).toMatchObject({ counts: { chunksFilled: 1 } })
  expect(room.rows()).toEqual(before)
})

describe('a batch that is sealed and not applied', () => {
  test('is for the sweep, and looked at again', async () => {
    const room = createRebuildRoom()
    room.state.refuse = () => new Fault('TARGET_UNAVAILABLE', 'down')
    await load(room)
    room.state.refuse = () => undefined
    const report = await room.fill()
    expect(report).toMatchObject({ waiting: 1, counts: { batches: 0, chunksFilled: 0 } })
    expect(report).toHaveProperty('next')
    expect(room.rows()).toEqual([])
    await room.sweepAll()
    expect(await room.fill()).toMatchObject({ counts: { batches: 1, chunksThere: 2 } })
    expect(room.rows()).toEqual(await room.files())
  })

  test('beside seventy others, as after an outage, fits with them into an item of the ledger', async () => {
    const room = createRebuildRoom()
    await load(room, 'before.jsonl')
    room.clock.advance(dayMs)
    room.state.refuse = () => new Fault('TARGET_UNAVAILABLE', 'down')
    for (let n = 0; n < 70; n += 1) await load(room, `${n}.jsonl`)
    room.state.refuse = () => undefined
    room.truncate()
    const report = await room.fill({}, live(), 3_600_000)
    expect(report?.waiting).toBeGreaterThan(20)
    await room.sweepAll()
    for (let next = report?.next; next !== undefined;)
      next = (await room.fill({}, live(), 3_600_000))?.next
    expect(room.rows()).toEqual(await room.files())
    expect(room.rows()).toHaveLength(355)
  })

  test('may have gone where the table was before: what was applied is not lost', async () => {
    const room = createRebuildRoom()
    let applied: () => void = () => undefined
    let goOn: () => void = () => undefined
    const isApplied = new Promise<void>((resolve) => (applied = resolve))
    const gate = new Promise<void>((resolve) => (goOn = resolve))
    // A process that stands still before it says that all is done.
    const slow: MortalProcess = {
      ...live(),
      wrap: (port) =>
        new Proxy(port, {
          get: (target, name) => {
            const member: unknown = Reflect.get(target, name)
            if (name !== 'write' || typeof member !== 'function') return member
            return async (...args: unknown[]) => {
              if ((args[0] as Partial<LedgerItem & Batch>).state === 'C') {
                applied()
                await gate
              }
              return (member as (...own: unknown[]) => unknown).apply(target, args)
            }
          },
        }),
    }
    const delivery = room.deliver([room.put('a.jsonl', lines.join('\n'))], slow)
    await isApplied
    expect(room.rows()).toHaveLength(5)
    room.truncate()
    const first = await room.fill()
    expect(first).toMatchObject({ waiting: 1 })
    goOn()
    expect(await delivery).toEqual([])
    const deps = room.rebuildDepsOf(live())
    const request = { dryRun: false, from: first?.next ?? '' }
    expect(await createTableRebuild(deps)(request, room.call())).toMatchObject({
      counts: { chunksFilled: 2 },
    })
    expect(room.rows()).toEqual(await room.files())
  })
})

describe('a rebuild that was cut off', () => {
  const cut = async () => {
    const room = createRebuildRoom()
    for (let n = 0; n < 12; n += 1) {
      await load(room, `${n}.jsonl`)
      room.clock.advance(1_000)
    }
    const before = room.rows()
    room.truncate()
    const first = await room.fill({}, live(), 45)
    expect(first?.counts.chunksFilled).toBeGreaterThan(3)
    expect(first?.counts.chunksFilled).toBeLessThan(20)
    return { room, before, first }
  }

  test('goes on where it was, and tells nothing twice', async () => {
    const { room, before, first } = await cut()
    const second = await room.fill()
    expect(second?.counts.chunksThere).toBe(0)
    expect((first?.counts.chunksFilled ?? 0) + (second?.counts.chunksFilled ?? 0)).toBe(24)
    expect((first?.counts.batches ?? 0) + (second?.counts.batches ?? 0)).toBe(12)
    expect(room.rows()).toEqual(before)
  })

  test('as a dry run goes on, too', async () => {
    const { room } = await cut()
    room.truncate()
    const rebuild = createTableRebuild(room.rebuildDepsOf(live()))
    const first = await rebuild({ dryRun: true }, room.call(45))
    const { next = '' } = first
    const second = await rebuild({ dryRun: true, from: next }, room.call())
    expect(first.counts.chunksFilled).toBeGreaterThan(3)
    expect(first.counts.chunksFilled + second.counts.chunksFilled).toBe(24)
    expect(room.rows()).toEqual([])
  })

  test('begins anew when the table was emptied since', async () => {
    const { room, before } = await cut()
    room.truncate()
    expect(await room.fill()).toMatchObject({ counts: { chunksFilled: 24 } })
    expect(room.rows()).toEqual(before)
  })

  test('begins anew with a position nobody can read', async () => {
    const { room, before } = await cut()
    const deps = room.rebuildDepsOf(live())
    for (const from of ['', 'null', '{}', '{"open":[1.5]}', '{"open":{},"from":1}'])
      await createTableRebuild(deps)({ dryRun: false, from }, room.call())
    expect(room.rows()).toEqual(before)
  })
})

describe('what is not to come back stays away', () => {
  test('rows that were erased', async () => {
    const room = createRebuildRoom()
    await load(room)
    const request = { dataset: 'notes', match: { column: 'id', value: '1' }, texts: ['1'] }
    const erasure = () => eraseRecords(eraseDepsOf(room), request, room.call())
    expect(await erasure()).toMatchObject({ outcome: 'erased' })
    const request4 = { ...request, match: { column: 'id', value: '4' }, texts: ['4'] }
    await eraseRecords(eraseDepsOf(room), request4, room.call())
    const before = room.rows()
    expect(before).toHaveLength(3)
    room.truncate()
    expect(await room.fill()).toMatchObject({
      counts: { chunksFilled: 1, rowsFilled: 3, chunksErased: 1, chunksLeft: 0 },
    })
    expect(room.rows()).toEqual(before)
  })

  test('nothing is filled while an erasure is not finished, and what crossed one is told', async () => {
    const room = createRebuildRoom()
    await load(room)
    room.truncate()
    const request = { dataset: 'notes', match: { column: 'id', value: '1' }, texts: ['1'] }
    const { mender, ...deps } = room.rebuildDepsOf(live())
    // It begins and ends between our read of the file and the INSERT.
    const fill: typeof mender.fill = async (...args) => {
      if (args[1].n === 0) await eraseRecords(eraseDepsOf(room), request, room.call())
      return mender.fill(...args)
    }
    const crossed = createTableRebuild({ ...deps, mender: { fill } })
    expect(await crossed({ dryRun: false }, room.call())).toMatchObject({
      counts: { chunksLeft: 1 },
      findings: [{ kind: 'chunk-partial', mend: expect.stringMatching(/^silversmith repair /) }],
    })
    const [{ id } = { id: '' }] = room.items<Batch>('batch')
    expect(await room.repair(id)).toMatchObject({ outcome: 'whole' })
    expect(room.rows()).toHaveLength(4)
    room.truncate()
    const job = '_erasures/open/x.json'
    const facts = { sha256: sha256Of(Buffer.from('{}')), contentType: 'application/json' }
    await room.store.write(job, Buffer.from('{}'), facts, room.call().signal)
    expect(await room.fill()).toMatchObject({
      problem: { message: expect.stringMatching(/erasure was begun/), mayPass: false },
      next: expect.any(String),
    })
    expect(room.rows()).toEqual([])
  })

  test('an erasure that began while a chunk was filled is waited for', async () => {
    const room = createRebuildRoom()
    await load(room)
    const before = room.rows()
    room.truncate()
    const { mender, ...deps } = room.rebuildDepsOf(live())
    const job = '_erasures/open/x.json'
    const bytes = Buffer.from('{}')
    const facts = { sha256: sha256Of(bytes), contentType: 'application/json' }
    const fill: typeof mender.fill = async (...args) => {
      await room.store.write(job, bytes, facts, room.call().signal)
      return mender.fill(...args)
    }
    const request = { dryRun: false }
    const report = await createTableRebuild({ ...deps, mender: { fill } })(request, room.call())
    // What it has seen of our rows nobody knows: they are looked at again when it is over.
    expect(report).toMatchObject({ counts: { chunksFilled: 0 }, problem: { mayPass: false } })
    await room.store.remove([job], room.call().signal)
    const rest = { ...request, from: report.next ?? '' }
    const { counts } = await createTableRebuild({ ...deps, mender })(rest, room.call())
    expect(counts).toMatchObject({ batches: 1, chunksFilled: 0, chunksThere: 2 })
    expect(room.rows()).toEqual(before)
  })

  test('chunks an operator rejected, and the entries of _reloads with them', async () => {
    const room = createRebuildRoom()
    const source = await load(room)
    room.state.refuse = () => new Fault('TARGET_REFUSED_DATA', 'no')
    await room.deliver([{ ...source, generation: 1 }])
    const sealed = room.items<Batch>('batch').find(({ state }) => state === 'S')
    expect(await room.reject(sealed?.id ?? '')).toMatchObject({ outcome: 'rejected' })
    room.state.refuse = () => undefined
    const before = room.rows()
    room.truncate()
    expect(await room.fill()).toMatchObject({
      counts: { chunksFilled: 2, chunksRejected: 3, chunksLeft: 0 },
    })
    expect(room.rows()).toEqual(before)
  })

  test('rows that are too old to be kept', async () => {
    const [table] = notes.tables as readonly [Table]
    const kept: Dataset = { ...notes, tables: [{ ...table, retentionDays: 30 }] }
    const room = createRebuildRoom(1, [kept])
    room.clock.advance(Math.max(0, Date.UTC(2026, 1, 1) - room.clock.now()))
    await load(room)
    room.truncate()
    // Of a month that has begun to go: what silver still has.
    const first = silverKeys(room).filter((key) => key.includes('dt=2026-01-01'))
    await room.store.remove(first, room.call().signal)
    expect(await room.fill()).toMatchObject({
      counts: { chunksFilled: 2, rowsFilled: 4, chunksLeft: 0 },
      findings: [],
    })
    room.clock.advance(365 * dayMs)
    room.truncate()
    expect(await room.fill()).toMatchObject({
      counts: { chunksFilled: 0, chunksExpired: 2, chunksLeft: 0 },
    })
  })
})

const eraseDepsOf = (room: RebuildRoom) => {
  const deps = room.depsOf(live())
  return { ...deps, datasets: [...deps.datasets] }
}

describe('what silver cannot give is told, with what mends it', () => {
  test('a file that is lost, or has other rows; views do not turn over to what is not whole', async () => {
    const room = createRebuildRoom()
    await loadTwice(room)
    const second = room.items<Batch>('batch').at(-1)?.id ?? ''
    const [lost = ''] = silverKeys(room).filter(
      (key) => key.includes('notes/') && key.includes(second),
    )
    await room.store.remove([lost], room.call().signal)
    room.truncate()
    const report = await room.fill()
    expect(report).toMatchObject({ counts: { batches: 2, chunksFilled: 3, chunksLeft: 2 } })
    expect(report?.findings).toMatchObject([{ kind: 'file-lost' }, { kind: 'reloads-held' }])
    expect(report?.findings[0]?.why).toContain(lost)
    expect(room.rows().filter((row) => row.endsWith(' notes'))).toEqual([])
    const [other = ''] = silverKeys(room).filter((key) => key.includes('dt=2026-02'))
    const { bytes, sha256 } = room.store.files.get(other) as { bytes: Uint8Array; sha256: string }
    await room.store.write(lost, bytes, { sha256, contentType: '' }, room.call().signal)
    expect((await room.fill())?.findings).toMatchObject([
      {
        kind: 'file-unreadable',
        why: expect.stringContaining('holds 0 of the 1 rows of its chunk'),
      },
      { kind: 'reloads-held' },
    ])
  })

  test('rows of which only some are there', async () => {
    const room = createRebuildRoom()
    await load(room)
    room.engine.removeRows('notes', (row) => row['id'] === '1')
    room.engine.forgetTokens()
    const before = room.rows()
    expect(await room.fill()).toMatchObject({
      counts: { chunksFilled: 0, chunksThere: 1, chunksLeft: 1 },
      findings: [{ kind: 'chunk-partial', why: 'it holds 3 rows, 3 of them distinct, of 4' }],
    })
    expect(room.rows()).toEqual(before)
  })

  test('rows that the target swallows under their token', async () => {
    const room = createRebuildRoom()
    await load(room)
    room.engine.removeRows('notes', () => true)
    const report = await room.fill()
    expect(report).toMatchObject({ counts: { chunksFilled: 0, chunksLeft: 2 } })
    expect(report?.findings[0]).toMatchObject({ kind: 'chunk-partial' })
  })

  test('a batch the ledger lacks, and a manifest that is gone', async () => {
    const room = createRebuildRoom()
    await load(room)
    const [{ id, manifest } = { id: '', manifest: undefined }] = room.items<Batch>('batch')
    const other = room.manifests()[0]
    const write = (key: string, text: string): Promise<void> => {
      const bytes = Buffer.from(text)
      return room.store.write(
        key,
        bytes,
        { sha256: sha256Of(bytes), contentType: '' },
        room.call().signal,
      )
    }
    for (const pipeline of ['p', 'another'])
      await write(
        `_batches/dt=2026-01-01/OF-${pipeline}.json`,
        JSON.stringify({ ...other, batch: `OF-${pipeline}`, pipeline }),
      )
    await room.store.remove([manifest?.key ?? ''], room.call().signal)
    await write(manifest?.key ?? '', '{}')
    const findings = (await room.fill())?.findings.map(({ kind, batch }) => `${kind} ${batch}`)
    expect(findings?.toSorted()).toEqual([`batch-unknown OF-p`, `manifest-unreadable ${id}`])
  })
})

describe('a target that is down', () => {
  const breaking = (room: RebuildRoom, fails: (count: number) => Fault | undefined) => {
    const { mender, ...deps } = room.rebuildDepsOf(live())
    let count = 0
    const fill: typeof mender.fill = async (...args) => {
      const fault = fails((count += 1))
      if (fault) throw fault
      return mender.fill(...args)
    }
    return createTableRebuild({ ...deps, mender: { fill } })
  }

  test('is waited for', async () => {
    const room = createRebuildRoom()
    await load(room)
    const before = room.rows()
    room.truncate()
    const down = (count: number) =>
      count < 30 ? new Fault('TARGET_UNAVAILABLE', 'down') : undefined
    const report = await breaking(room, down)({ dryRun: false }, room.call(3_600_000))
    expect(report).toMatchObject({ counts: { chunksFilled: 2 }, findings: [] })
    expect(report).not.toHaveProperty('problem')
    expect(room.rows()).toEqual(before)
  })

  test('and does not answer what became of an INSERT: it is told as filled all the same', async () => {
    const room = createRebuildRoom()
    await load(room)
    room.truncate()
    const { inspector, mender, ...deps } = room.rebuildDepsOf(live())
    let failures = 0
    const fill: typeof mender.fill = async (...args) => {
      await mender.fill(...args)
      failures = 7
    }
    const inspect: typeof inspector.inspect = (...args) => {
      if ((failures -= 1) > 0) throw new Fault('TARGET_UNAVAILABLE', 'down')
      return inspector.inspect(...args)
    }
    const rebuild = createTableRebuild({
      ...{ ...deps, inspector: { ...inspector, inspect }, mender: { fill } },
    })
    expect(await rebuild({ dryRun: false }, room.call(3_600_000))).toMatchObject({
      counts: { chunksFilled: 2, chunksThere: 0 },
    })
  })

  test('for longer than the call: it says so, and another goes on', async () => {
    const room = createRebuildRoom()
    await load(room)
    const before = room.rows()
    room.truncate()
    const down = () => new Fault('TARGET_UNAVAILABLE', 'down')
    const report = await breaking(room, down)({ dryRun: false }, room.call(30_000))
    expect(report).toMatchObject({
      problem: { message: 'TARGET_UNAVAILABLE: down', mayPass: true },
    })
    const go = breaking(room, () => undefined)
    await go({ dryRun: false, from: report.next ?? '' }, room.call())
    expect(room.rows()).toEqual(before)
  })

  test('is not called while its breaker is open', async () => {
    const room = createRebuildRoom()
    await load(room)
    room.truncate()
    const openUntil = room.clock.now() + 300_000
    const breaker = { kind: 'breaker', id: 'p/clickhouse', failures: 3, openUntil } as const
    await room.ledger.write(breaker, 0, room.call().signal)
    expect(await room.fill()).toMatchObject({
      problem: { message: expect.stringMatching(/^TARGET_RESTING/), mayPass: true },
    })
    expect(room.rows()).toEqual([])
    room.clock.advance(300_000)
    expect(await room.fill()).toMatchObject({ counts: { chunksFilled: 2 } })
  })

  test('what only a person can mend ends it at once', async () => {
    const room = createRebuildRoom()
    await load(room)
    room.truncate()
    const at = room.clock.now()
    const wrong = () => new Fault('TARGET_MISCONFIGURED', 'no such column')
    const report = await breaking(room, wrong)({ dryRun: false }, room.call(3_600_000))
    expect(report).toMatchObject({ problem: { mayPass: false }, next: expect.any(String) })
    expect(room.clock.now() - at).toBeLessThan(1_000)
  })

  test('an INSERT of which nobody knows is looked for before it is sent again', async () => {
    const room = createRebuildRoom()
    await load(room)
    const before = room.rows()
    room.truncate()
    const { mender, ...deps } = room.rebuildDepsOf(live())
    let sent = 0
    const fill: typeof mender.fill = async (...args) => {
      sent += 1
      await mender.fill(...args)
      // Nobody remembers the token any more.
      room.engine.forgetTokens()
      throw new Fault('TARGET_OUTCOME_UNKNOWN', 'no answer')
    }
    const report = await createTableRebuild({ ...deps, mender: { fill } })(
      { dryRun: false },
      room.call(),
    )
    expect(report).toMatchObject({ counts: { chunksFilled: 2 }, findings: [] })
    expect(sent).toBe(2)
    expect(room.rows()).toEqual(before)
  })
})

test('rows the server refuses are told, and the others filled', async () => {
  const room = createRebuildRoom()
  await load(room)
  room.truncate()
  const { mender, ...deps } = room.rebuildDepsOf(live())
  const fill: typeof mender.fill = async (batch, chunk, ...args) => {
    if (chunk.n === 0) throw new Fault('TARGET_REFUSED_DATA', 'a constraint')
    return mender.fill(batch, chunk, ...args)
  }
  expect(
    await createTableRebuild({ ...deps, mender: { fill } })({ dryRun: false }, room.call()),
  ).toMatchObject({
    counts: { chunksFilled: 1, chunksLeft: 1 },
    findings: [{ kind: 'chunk-refused', why: 'a constraint' }],
  })
})

test('rows of an older release are inserted with the columns it had', async () => {
  const room = createRebuildRoom()
  await load(room)
  room.truncate()
  const { mender, ...deps } = room.rebuildDepsOf(live())
  const columns: (readonly string[])[] = []
  const fill: typeof mender.fill = (batch, chunk, ...args) => {
    columns.push(chunk.columns ?? [])
    return mender.fill(batch, chunk, ...args)
  }
  await createTableRebuild({ ...deps, mender: { fill } })({ dryRun: false }, room.call())
  const [chunk] = room.manifests()[0]?.chunks ?? []
  expect(columns).toEqual([chunk?.columns, chunk?.columns])
})
