import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Batch, Fault } from '@silversmith/core'
import { xapiEvents } from '@silversmith/datasets'
import { describe, expect, test } from 'vitest'
import { createRoom, type RoomOptions } from './transform-room.ts'

const oli = 'http://oli.cmu.edu/extensions/'
const line = (page: number, more = ''): string =>
  `{"timestamp":"2026-02-11T14:05:02Z","context":{"extensions":{"${oli}page_id":${page}}}${more}}`
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

const room = (options: RoomOptions = {}) => {
  const made = createRoom({ datasets: [xapiEvents], ...options })
  return {
    ...made,
    put: (key: string, body: string | Buffer) => made.put(key, body, 'xapi_events'),
    /** Columns of the rows in silver, in the order they have in their objects. */
    rows: async (...columns: readonly string[]) =>
      (await made.silver())
        .toSorted(
          (a, b) =>
            String(a['_source']).localeCompare(String(b['_source'])) ||
            Number(a['_record']) - Number(b['_record']) ||
            Number(a['_part']) - Number(b['_part']),
        )
        .map((row) => columns.map((column) => row[column])),
  }
}
const big = (...pages: readonly number[]): readonly (readonly bigint[])[] =>
  pages.map((page) => [BigInt(page)])

describe('what was wrong with seed 000 is right from the object to silver', () => {
  test('000-1: bad lines go to quarantine one by one, the good ones beside them are rows', async () => {
    const { put, run, rows, quarantined } = room()
    const bad = ['{"timestamp":', 'null', '[1]', '"x"', '{"timestamp":"soon"}', '{}']
    const lines = bad.flatMap((text, at) => [line(at), text])
    expect(await run(put('a.jsonl', lines.join('\n')))).toEqual([])
    expect(await rows('page_id')).toEqual(big(...bad.keys()))
    expect(quarantined().map(({ raw }) => raw)).toEqual(expect.arrayContaining(bad))
    expect(quarantined()).toHaveLength(bad.length)
  })

  test.each([
    ['fails', false],
    ['lands, and its answer is lost', true],
  ])(
    '000-6, 000-7: an insert that %s leaves no message behind, and each row arrives once',
    async (_, lands) => {
      let isDown = true
      const { put, run, rows, engine, sweepAndRun, items } = room({
        clickhouse: (target) => ({
          ...target,
          put: async (...args) => {
            if (lands || !isDown) await target.put(...args)
            if (isDown) throw new Fault('TARGET_DENIED', 'no answer')
          },
        }),
      })
      const sources = [1, 2, 3].map((page) => put(`${page}.jsonl`, line(page)))
      expect(await run(...sources)).toEqual([])
      expect(await rows('page_id')).toEqual(big(1, 2, 3))
      engine.forgetTokens()
      isDown = false
      await sweepAndRun()
      expect(items<Batch>('batch')).toMatchObject([{ state: 'C' }])
      expect(engine.rows('raw_events')).toHaveLength(3)
    },
  )

  test('000-10, 000-11: an object that is delivered again, or loaded twice at once, adds no row', async () => {
    const { put, run, rows, engine } = room()
    const source = put('a.jsonl', [line(1), line(2)].join('\n'))
    await run(source, source)
    await run(source)
    expect(await rows('page_id')).toEqual(big(1, 2))
    expect(engine.rows('raw_events')).toHaveLength(2)
  })

  test('000-14: equal lines are a row each, of one hash, in one object and in two', async () => {
    const { put, run, rows } = room()
    await run(put('a.jsonl', `${line(1)}\n${line(1)}`), put('b.jsonl', line(1)))
    const found = await rows('_source', '_record', 'event_hash')
    expect(found).toHaveLength(3)
    expect(new Set(found.map(([source, record]) => `${source} ${record}`)).size).toBe(3)
    expect(new Set(found.map(([, , hash]) => hash))).toEqual(new Set([sha256(line(1))]))
  })

  test('000-16: gzip is read under any name', async () => {
    const { put, run, rows } = room()
    const packed = gzipSync([line(1), line(2)].join('\r\n'))
    await run(put('a.jsonl.gz', packed), put('b.jsonl', packed))
    expect(await rows('page_id')).toEqual(big(1, 2, 1, 2))
  })

  test('000-16: an overwritten object is never read in place of the one that was told', async () => {
    const { put, run, rows, dispositions } = room()
    const first = put('a.jsonl', line(1))
    put('a.jsonl', line(2))
    await run(first)
    expect(dispositions()).toEqual({ 'a.jsonl': 'gone' })
    expect(await rows('page_id')).toEqual([])
  })

  test('000-18: logs hold nothing of a statement, good or bad', async () => {
    const { put, run, log } = room()
    const secret = 'learner-4711'
    const lines = [
      line(1, `,"actor":{"mbox":"mailto:${secret}@example.edu"}`),
      `{"timestamp":"${secret}"}`,
      `{"${secret}":`,
      `{"timestamp":"2026-02-11T14:05:02Z","${secret}":1,"${secret}":2}`,
    ]
    await run(put('a.jsonl', lines.join('\n')))
    expect(log.events.length).toBeGreaterThan(0)
    expect(JSON.stringify(log.events)).not.toContain(secret)
  })

  test('000-20: _line is the physical line, whatever lines are blank', async () => {
    const { put, run, rows } = room()
    await run(put('a.jsonl', `\n${line(1)}\r\n\r\n \t\n${line(2)}\n\n`))
    expect(await rows('_line', '_record')).toEqual([
      [2n, 0n],
      [5n, 1n],
    ])
  })
})

test("event_hash is seed 000's: SHA-256 of the bytes of the line without its end", async () => {
  const { put, run, rows } = room()
  const lines = [
    line(1),
    ` ${line(2)} `,
    line(3).replaceAll(',', ' , '),
    line(4, ',"actor":{"mbox":"mailto:é🦉@example.edu"}'),
  ]
  await run(put('a.jsonl', `${lines[0]}\n${lines[1]}\r\n\n${lines[2]}\r\n${lines[3]}`))
  expect(await rows('event_hash')).toEqual(lines.map((text) => [sha256(text)]))
})

describe('what was wrong with seed 001 is right from the object to silver', () => {
  test('001-2: every file of a section is loaded, not the first only', async () => {
    const { put, run, rows } = room()
    await run(put('section/7/video/a.jsonl', line(1)))
    await run(put('section/7/video/b.jsonl', line(2)))
    expect(await rows('page_id')).toEqual(big(1, 2))
  })

  test('001-3: loading all again adds nothing', async () => {
    const { put, run, rows } = room()
    const sources = [put('a.jsonl', line(1)), put('b.jsonl', line(2))]
    for (let times = 0; times < 3; times++) await run(...sources)
    expect(await rows('page_id')).toEqual(big(1, 2))
  })

  test('001-9: bad lines and unknown kinds are all accounted for', async () => {
    const { put, run, rows, manifests } = room()
    const unknown = line(1, ',"verb":{"id":"https://example.edu/verbs/new"}')
    await run(put('a.jsonl', `${unknown}\n{"timestamp":\n${line(2)}`))
    expect(await rows('event_type')).toEqual([['unknown'], ['unknown']])
    expect(manifests().flatMap(({ sources }) => sources)).toMatchObject([
      { records: 3, rows: 2, rejected: 1, discarded: 0 },
    ])
  })

  test('001-10: rows of both tables of a record arrive together, part by part', async () => {
    const { put, run, rows, engine } = room()
    const list = `"${oli}experiment_attributions":[{"role":"exposure"},{"role":"outcome"}]`
    const attributed = line(1).replace('"extensions":{', `"extensions":{${list},`)
    await run(put('a.jsonl', `${line(2)}\n${attributed}`))
    expect(await rows('_record', '_part', 'event_type', 'experiment_role')).toEqual([
      [0n, 0, 'unknown', undefined],
      [1n, 0, 'unknown', undefined],
      [1n, 1, undefined, 'exposure'],
      [1n, 2, undefined, 'outcome'],
    ])
    expect(engine.rows('experiment_attributions')).toHaveLength(2)
  })
})
