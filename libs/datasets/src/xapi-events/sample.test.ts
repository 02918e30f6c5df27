import { createHash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { gunzipSync } from 'node:zlib'
import { routeOf } from '@silversmith/core'
import { describe, expect, it } from 'vitest'
import { defaultRoutes } from '../registry.ts'
import { xapiEvents } from './dataset.ts'
import type { SampleExpectation } from './sample.ts'
import { sampleObjects } from './sample.ts'

type Outcome = Pick<SampleExpectation, 'accepted' | 'rejections'>

/** The plain way to read an object, for comparison only. */
const readLines = (body: Uint8Array): { line: number; bytes: Buffer }[] => {
  const packed = body[0] === 0x1f && body[1] === 0x8b
  const plain = packed ? gunzipSync(body) : Buffer.from(body)
  const text = plain.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '')
  return text
    .split('\n')
    .map((line, at) => ({ line: at + 1, bytes: Buffer.from(line.replace(/\r$/, ''), 'latin1') }))
    .filter(({ bytes }) => bytes.toString('latin1').trim() !== '')
}

const parse = (bytes: Buffer): { record: unknown } | { reason: string } => {
  if (!isUtf8(bytes)) return { reason: 'invalid_utf8' }
  try {
    return { record: JSON.parse(bytes.toString()) }
  } catch {
    return { reason: 'invalid_json' }
  }
}

const outcomeOf = (objects: ReturnType<typeof sampleObjects>['objects']): Outcome => {
  const accepted: Outcome['accepted'][number][] = []
  const rejections: Outcome['rejections'][number][] = []
  const typeAt = xapiEvents.tables[0]?.columns.findIndex(({ name }) => name === 'event_type') ?? -1
  for (const { key, body } of objects) {
    if (!routeOf(defaultRoutes, key)) continue
    let lines: ReturnType<typeof readLines>
    try {
      lines = readLines(body)
    } catch {
      continue
    }
    for (const [record, { line, bytes }] of lines.entries()) {
      const hash = createHash('sha256').update(bytes).digest('hex')
      const place = { key, record, line, hash }
      const parsed = parse(bytes)
      const mapped =
        'reason' in parsed ? { rejection: parsed } : xapiEvents.map(parsed.record, { hash })
      if ('rejection' in mapped) rejections.push({ ...place, reason: mapped.rejection.reason })
      else if ('rows' in mapped) {
        const eventType = mapped.rows[0]?.values[typeAt]
        accepted.push({ ...place, eventType } as Outcome['accepted'][number])
      }
    }
  }
  return { accepted, rejections }
}

describe('sampleObjects', () => {
  const { objects, expected } = sampleObjects({ seed: 1 })

  it('says of every record what becomes of it', () => {
    expect(outcomeOf(objects)).toEqual({
      accepted: expected.accepted,
      rejections: expected.rejections,
    })
  })

  it('counts what it lists', () => {
    expect(expected.objects).toBe(objects.length)
    expect(expected.rows).toBe(expected.accepted.length)
    expect(expected.records).toBe(expected.rows + expected.rejected)
    const reasons = Object.values(expected.rejectedByReason)
    expect(reasons.reduce((sum, count) => sum + count)).toBe(expected.rejected)
    const dispositions = Object.values(expected.dispositions)
    expect(dispositions.reduce((sum, count) => sum + count)).toBe(expected.objects)
    const seen = new Set<string>()
    const repeated = expected.accepted.filter(({ hash }) => seen.size === seen.add(hash).size)
    expect(expected.duplicates).toBe(repeated.length)
    expect(expected.duplicates).toBeGreaterThan(2)
  })

  it('holds every kind of event, every reason and every disposition that needs no fault', () => {
    expect(new Set(expected.accepted.map(({ eventType }) => eventType))).toEqual(
      new Set([
        'video',
        'page_viewed',
        'page_attempt',
        'activity_attempt',
        'part_attempt',
        'tutor_message',
        'unknown',
      ]),
    )
    expect(Object.keys(expected.rejectedByReason).sort()).toEqual([
      'invalid_json',
      'invalid_utf8',
      'not_an_object',
      'timestamp_invalid',
      'timestamp_missing',
      'timestamp_out_of_range',
    ])
    expect(Object.keys(expected.dispositions).sort()).toEqual([
      'empty',
      'rows',
      'unreadable',
      'unrouted',
    ])
  })

  it('gives the same objects for the same seed, others for another, each under a key of its own', () => {
    expect(sampleObjects({ seed: 1 })).toEqual({ objects, expected })
    expect(sampleObjects({ seed: 2 }).objects).not.toEqual(objects)
    expect(new Set(objects.map(({ key }) => key)).size).toBe(objects.length)
  })

  it('spreads over the days asked for', () => {
    const days = new Set(
      sampleObjects({ seed: 3, days: 5, objects: 200 }).objects.map(
        ({ key }) => /\/(2026-\d\d-\d\d)T/.exec(key)?.[1],
      ),
    )
    days.delete(undefined)
    expect([...days].sort()).toEqual(expect.arrayContaining(['2026-01-05', '2026-01-09']))
    expect(days.size).toBeLessThanOrEqual(6)
  })

  it('refuses a number of objects below one', () => {
    expect(() => sampleObjects({ seed: 1, objects: 0 })).toThrow(RangeError)
  })
})
