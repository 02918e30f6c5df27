import { createHash } from 'node:crypto'
import { defaultLimits, type HeldObject, type Predecessor, type Source } from '@silversmith/core'
import { type AdoptRequest, adoptObjects, type AdoptSum, createReconcile } from '@silversmith/flow'
import { createMortalProcess } from '../repair/mortal-process.ts'
import { createRepairRoom } from '../repair/repair-room.ts'

export const lineOf = (id: string): string => `${JSON.stringify({ id })}\n`

const etagOf = (body: string): string => createHash('md5').update(body).digest('hex')

const compareBytes = (one: string, other: string): number =>
  Buffer.compare(Buffer.from(one), Buffer.from(other))

const isAfter = (one: HeldObject, place: Pick<HeldObject, 'key' | 'etag'>): boolean => {
  const byKey = compareBytes(one.key, place.key)
  return byKey === 0 ? compareBytes(one.etag, place.etag) > 0 : byKey > 0
}

/** The functions, a reconcile, and the table of another system with what it loaded before. */
export const createAdoptionRoom = () => {
  const room = createRepairRoom()
  const held: HeldObject[] = []
  /** The other system loads an object, or only some lines of it. It numbers lines that are not blank. */
  const hold = (key: string, body: string, lines?: number, lastLine?: number): void => {
    const all = body.split('\n').filter((line) => line.trim() !== '').length
    held.push({ key, etag: etagOf(body), lines: lines ?? all, lastLine: lastLine ?? all })
  }
  /** It is uploaded, and the other system loads it. */
  const putHeld = (key: string, body = lineOf(key)): Source => {
    hold(key, body)
    return room.put(key, body)
  }
  const predecessor: Predecessor = {
    name: 'old.raw_events',
    list: async ({ prefix, after, upTo }, from, limit) =>
      held
        .filter(({ key }) => key.startsWith(prefix))
        .filter(({ key }) => after === undefined || compareBytes(key, after) > 0)
        .filter(({ key }) => upTo === undefined || compareBytes(key, upTo) <= 0)
        .toSorted((a, b) => compareBytes(a.key, b.key) || compareBytes(a.etag, b.etag))
        .filter((one) => from === undefined || isAfter(one, from))
        .slice(0, limit),
    countUnknown: async () => 0,
  }
  const routes = [{ dataset: 'notes', prefix: '', suffixes: [] }]
  const limits = { ...defaultLimits }
  /** The last sum; undefined: the process died. */
  const adopt = (request: Partial<AdoptRequest> = {}, process = createMortalProcess()) =>
    process.run(async () => {
      const own = { routes, limits, predecessor: process.wrap(predecessor) }
      const deps = { ...room.depsOf(process), ...own }
      let sum: AdoptSum | undefined
      for await (const step of adoptObjects(
        deps,
        { bucket: 'b', prefix: '', ...request },
        room.call(),
      ))
        sum = step
      return sum
    })
  /** What is not zero. */
  const countsOf = async (request: Partial<AdoptRequest> = {}) =>
    Object.fromEntries(
      Object.entries((await adopt(request))?.counts ?? {}).filter(([, count]) => count > 0),
    )
  const reconcile = (enqueue = false) => {
    room.clock.advance(7_200_000)
    const deps = room.depsOf(createMortalProcess())
    return createReconcile({ ...deps, routes, tables: ['notes'] })(
      { bucket: 'b', prefix: '', enqueue },
      room.call(),
    )
  }
  /** Keys of the objects that were sent to transform, which has loaded them now. */
  const backfill = async (sources: readonly Source[]): Promise<readonly string[]> => {
    await reconcile(true)
    const sent = room.queue.take().map((body) => (JSON.parse(body) as { key: string }).key)
    await room.deliver(sources.filter(({ object }) => sent.includes(object.key)))
    return sent.toSorted()
  }
  /** Objects that have rows in our tables. */
  const loaded = (): readonly string[] =>
    [
      ...new Set(room.clickhouse().map((row) => String(row['_source']).slice('s3://b/'.length))),
    ].toSorted()
  return {
    ...{ ...room, routes, limits, predecessor, held, hold, putHeld },
    ...{ adopt, countsOf, reconcile, backfill, loaded },
  }
}
