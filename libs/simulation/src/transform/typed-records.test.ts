import { gzipSync } from 'node:zlib'
import { datasets, sampleRecords } from '@silversmith/datasets'
import { describe, expect, test } from 'vitest'
import { createRoom, type RoomOptions } from './transform-room.ts'

const createTypedRoom = (options: Omit<RoomOptions, 'datasets'> = {}) => {
  const room = createRoom({ ...options, datasets })
  return {
    ...room,
    put: (key: string, body: string | Buffer) =>
      room.put(`bronze/${key}`, body, key.split('/')[0] ?? ''),
  }
}

const made = (type: string, count: number, seed = 1): string[] => [
  ...sampleRecords(type, { seed, count }),
]
const shipment = (fields: Record<string, unknown>): string =>
  JSON.stringify({ record_type: 'shipments', event_time: '2026-02-11T14:05:02Z', ...fields })
const idsOf = (rows: readonly Record<string, unknown>[]): unknown[] =>
  rows.map((row) => row['shipment_id']).toSorted()

describe('shipments, tracking events and invoice lines', () => {
  test.each(['shipments', 'tracking_events', 'invoice_lines'])(
    '%s arrive once in silver/<type>/dt=<day of the event>/, from lines, gzip or an array',
    async (type) => {
      const room = createTypedRoom()
      const records = made(type, 90)
      const sources = [
        room.put(`${type}/a.jsonl`, records.slice(0, 30).join('\n')),
        room.put(`${type}/b.jsonl.gz`, gzipSync(records.slice(30, 60).join('\n'))),
        room.put(`${type}/c.json`, `[${records.slice(60).join(',\n')}]`),
      ]
      expect(await room.run(...sources)).toEqual([])
      expect(room.engine.rows(type)).toHaveLength(90)
      const silver = await room.silver()
      expect(silver.map((row) => row['event_time']).toSorted()).toEqual(
        records.map((text) => (JSON.parse(text) as { event_time: string }).event_time).toSorted(),
      )
      for (const row of silver)
        expect(row['day']).toBe(`dt=${String(row['event_time']).slice(0, 10)}`)
      const keys = [...room.store.files.keys()].filter((key) => key.startsWith('silver/'))
      for (const key of keys) expect(key).toMatch(new RegExp(`^silver/${type}/dt=2026-01-\\d\\d/`))
    },
  )
})

describe('none of the defects of the system they come from', () => {
  test('003-1: an object whose worker died is loaded by the next, and its message is never taken for done', async () => {
    let dies = true
    const room = createTypedRoom({
      bronze: (bronze) => ({
        ...bronze,
        open: (object, signal) =>
          dies ? new Promise(() => undefined) : bronze.open(object, signal),
      }),
    })
    const a = room.put('shipments/a.jsonl', shipment({ shipment_id: 'shp_1' }))
    void room.run(a)
    for (let beat = 0; beat < 300; beat += 1) await new Promise((resolve) => setImmediate(resolve))
    dies = false
    expect(await room.run(a)).toHaveLength(1)
    expect(room.engine.rows('shipments')).toEqual([])
    room.clock.advance(200_000)
    expect(await room.run(a)).toEqual([])
    expect(idsOf(room.engine.rows('shipments'))).toEqual(['shp_1'])
  })

  test('003-2, 003-3, 003-6: what is delivered again, in part or whole, makes no second row', async () => {
    const room = createTypedRoom()
    const a = room.put('shipments/a.jsonl', made('shipments', 20, 1).join('\n'))
    const b = room.put('shipments/b.jsonl', made('shipments', 20, 2).join('\n'))
    await room.run(a)
    const files = [...room.store.files.keys()].filter((key) => key.startsWith('silver/'))
    expect(await room.run(a, a)).toEqual([])
    expect([...room.store.files.keys()].filter((key) => key.startsWith('silver/'))).toEqual(files)
    await room.run(b, a, b)
    expect(room.engine.rows('shipments')).toHaveLength(40)
    expect(await room.silver()).toHaveLength(40)
  })

  test('003-4, 003-5: one bad record is kept with its reason and path, and all others are loaded', async () => {
    const room = createTypedRoom()
    const lines = [
      shipment({ shipment_id: 'shp_1', weight_kg: '12.5' }),
      shipment({ shipment_id: 'shp_2', record_type: 'refunds' }),
      shipment({ shipment_id: 'shp_3', event_time: 'soon' }),
      shipment({ shipment_id: 'shp_4', event_time: 1_770_818_702 }),
      shipment({ shipment_id: 'shp_5', weight_kg: 'heavy' }),
      '{"shipment_id":',
    ]
    await room.run(room.put('shipments/a.jsonl', lines.join('\n')))
    const rows = room.engine.rows('shipments')
    expect(rows.map((row) => [row['shipment_id'], row['weight_kg'], row['_rescued']])).toEqual([
      ['shp_1', 12.5, null],
      ['shp_5', null, '{"weight_kg":"heavy"}'],
    ])
    const kept = room.quarantined().map(({ line, reason, path, raw }) => [line, reason, path, raw])
    expect(kept.toSorted()).toEqual([
      [2, 'record_type_mismatch', 'record_type', lines[1]],
      [3, 'timestamp_invalid', 'event_time', lines[2]],
      [4, 'timestamp_invalid', 'event_time', lines[3]],
      [6, 'invalid_json', undefined, lines[5]],
    ])
  })

  test('003-7: many small objects become one file a day', async () => {
    const room = createTypedRoom()
    const sources = Array.from({ length: 60 }, (_, n) =>
      room.put(`shipments/${n}.jsonl`, shipment({ shipment_id: `shp_${n}` })),
    )
    await room.run(...sources)
    expect(await room.silver()).toHaveLength(60)
    const files = [...room.store.files.keys()].filter((key) => key.startsWith('silver/'))
    expect(files).toHaveLength(1)
  })

  test('003-9: ten records of 130 kB, and one of 2 MB, are loaded whole', async () => {
    const room = createTypedRoom()
    const sizes = [...Array.from({ length: 10 }, () => 130_000), 2_000_000]
    const lines = sizes.map((size, n) =>
      shipment({ shipment_id: `shp_${n}`, note: 'x'.repeat(size) }),
    )
    await room.run(room.put('shipments/a.jsonl', lines.join('\n')))
    const rescued = room.engine.rows('shipments').map((row) => String(row['_rescued']).length)
    expect(rescued).toEqual(sizes.map((size) => size + '{"note":""}'.length))
  })

  test('003-10: a pretty-printed document is a record, and a syntax error takes only its own with it', async () => {
    const room = createTypedRoom()
    const pretty = JSON.stringify(JSON.parse(shipment({ shipment_id: 'shp_1' })), null, 2)
    const array = `[${shipment({ shipment_id: 'shp_2' })},{"event_time":soon},${shipment({ shipment_id: 'shp_3' })}]`
    const cut = `[${shipment({ shipment_id: 'shp_4' })},{"event_ti`
    const bodies = { 'pretty.json': pretty, 'array.json': array, 'cut.json': cut }
    await room.run(
      ...Object.entries(bodies).map(([name, body]) => room.put(`shipments/${name}`, body)),
    )
    expect(idsOf(room.engine.rows('shipments'))).toEqual(['shp_1', 'shp_2', 'shp_3', 'shp_4'])
    const reasons = room.quarantined().map(({ reason }) => reason)
    expect(reasons.toSorted()).toEqual(['invalid_json', 'truncated_array', 'truncated_document'])
  })

  test('003-11: every row names its object, version, record and line', async () => {
    const room = createTypedRoom()
    const a = room.put('shipments/a.jsonl', ['', shipment({}), '', shipment({})].join('\n'))
    await room.run(a)
    const origin = { _source: 's3://b/bronze/shipments/a.jsonl', _version: a.object.version }
    expect(await room.silver()).toMatchObject([
      { ...origin, _record: 0n, _line: 2n },
      { ...origin, _record: 1n, _line: 4n },
    ])
  })

  test('003-12: the folder of a row is the UTC day of its event, whenever it is loaded', async () => {
    const room = createTypedRoom()
    const at = (event_time: unknown) => shipment({ event_time })
    const lines = [at('2026-02-11T00:15:00+08:00'), at('2026-02-10T23:59:59Z'), at(null)]
    room.clock.advance(365 * 86_400_000)
    await room.run(room.put('shipments/a.jsonl', lines.join('\n')))
    const days = (await room.silver()).map(({ day }) => day)
    expect(days).toEqual(['dt=2026-02-10', 'dt=2026-02-10'])
    expect(room.quarantined()).toMatchObject([{ reason: 'timestamp_missing', path: 'event_time' }])
  })

  test('003-14: overlapping windows add nothing, and a reload asked for twice is one generation more', async () => {
    const room = createTypedRoom()
    const a = room.put('invoice_lines/a.json', `[${made('invoice_lines', 10).join(',')}]`)
    const b = room.put('invoice_lines/b.json', `[${made('invoice_lines', 10, 2).join(',')}]`)
    await room.run(a, b)
    await room.run(a)
    expect(room.engine.rows('invoice_lines')).toHaveLength(20)
    const reload = { ...b, generation: 1 }
    await room.run(reload)
    await room.run(reload)
    const generations = room.engine.rows('invoice_lines').map((row) => row['_generation'])
    expect(generations.filter((generation) => generation === 1)).toHaveLength(10)
    expect(generations).toHaveLength(30)
  })
})
