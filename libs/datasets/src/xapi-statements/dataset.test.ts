import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { xapiStatements } from './dataset.ts'

const columns = xapiStatements.tables[0]?.columns.map(({ name }) => name) ?? []
const hash = 'ab'.repeat(32)
const parts =
  '"actor":{"mbox":"mailto:a@example.org"},"verb":{"id":"https://e.example.org/v"},"object":{"id":"https://e.example.org/o"}'

describe('xapi_statements', () => {
  it('keeps the statement as received where its text is known', () => {
    const text = `{"timestamp":"2026-02-11T14:05:02Z",${parts},"n":12345678901234567890, "x":1.0}`
    const mapped = xapiStatements.map(JSON.parse(text), { hash, text })
    const statement = 'rows' in mapped && mapped.rows[0]?.values[columns.indexOf('statement')]
    expect(statement).toBe(text)
  })

  it('writes the statement again where its text is not known', () => {
    const text = `{"timestamp":"2026-02-11T14:05:02Z",${parts}}`
    const mapped = xapiStatements.map(JSON.parse(text), { hash })
    const statement = 'rows' in mapped && mapped.rows[0]?.values[columns.indexOf('statement')]
    expect(statement).toBe(text)
  })

  it('offers the three columns of Aspects and Ralph', () => {
    const view = xapiStatements.tables[0]?.views.find(({ name }) => name === 'xapi_events_all')
    expect([...(view?.select.matchAll(/ AS (\w+)/g) ?? [])].map(([, name]) => name)).toEqual([
      'event_id',
      'emission_time',
      'event',
    ])
  })

  const path = process.env['XAPI_STATEMENTS']
  // Real statements are not part of the project: XAPI_STATEMENTS names a gzip file of them, one a line.
  it.skipIf(!path)(
    'maps every statement of the file in XAPI_STATEMENTS to a row of its own, without a breach',
    async () => {
      const lines = createInterface({
        input: createReadStream(path ?? '').pipe(createGunzip()),
        crlfDelay: Infinity,
      })
      const ids = new Set<unknown>()
      const noted: unknown[] = []
      let [read, rows, wrongTimes] = [0, 0, 0]
      for await (const text of lines) {
        read += 1
        const statement = JSON.parse(text) as { id: string; timestamp: string }
        const mapped = xapiStatements.map(statement, {
          text,
          hash: createHash('sha256').update(text).digest('hex'),
        })
        if (!('rows' in mapped)) continue
        rows += mapped.rows.length
        const [row] = mapped.rows
        ids.add(row?.values[0])
        for (const name of ['_rescued', 'breaches']) {
          const value = row?.values[columns.indexOf(name)]
          if (value !== null) noted.push(value)
        }
        const micros = /\.(\d{6})/.exec(statement.timestamp)?.[1] ?? '0'
        if (row && row.timeMicros % 1_000_000 !== Number(micros)) wrongTimes += 1
      }
      expect({ rows, ids: ids.size, noted, wrongTimes }).toEqual({
        rows: read,
        ids: read,
        noted: [],
        wrongTimes: 0,
      })
    },
  )
})
