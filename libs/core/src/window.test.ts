import { describe, expect, test } from 'vitest'
import { dateOf } from './key-date.ts'
import { keyPatternOf, keyPatternProblem } from './key-pattern.ts'
import type { ListedObject } from './ports.ts'
import { createPlacing, type JobWindow, readWindow } from './window.ts'

const lastModified = Date.UTC(2030, 0, 1)
const listed = (key: string, sizeBytes = 10): ListedObject => ({
  object: { bucket: 'b', key, version: 'e', versioned: false },
  ...{ etag: 'e', sizeBytes, lastModified },
})
const torus = 'section/4021/video/2026-02-11T14-05-02.123456Z_9C1F.jsonl'

describe('the date of an object', () => {
  test.each([
    ['001-8: a file name with - for :', torus, '2026-02-11T14:05:02.123Z', 'key'],
    ['with :', 'a/2026-02-11T14:05:02.123456Z_9C1F.jsonl', '2026-02-11T14:05:02.123Z', 'key'],
    ['without a fraction', 'a/2026-02-11T14-05-02Z_9C1F.jsonl', '2026-02-11T14:05:02.000Z', 'key'],
    ['and no more', '2026-02-11T14-05-02.5Z.jsonl.gz', '2026-02-11T14:05:02.500Z', 'key'],
    ['dt=', 'bronze/dt=2026-02-11/a.jsonl', '2026-02-11T00:00:00.000Z', 'partition'],
    ['dt= and hour=', 'dt=2026-02-11/hour=7/a', '2026-02-11T07:00:00.000Z', 'partition'],
    ['year= …', 'x/year=2026/month=2/day=11/a', '2026-02-11T00:00:00.000Z', 'partition'],
    ['… hour=', 'year=2026/month=02/day=11/hour=23/a', '2026-02-11T23:00:00.000Z', 'partition'],
    ['the name before the partition', `dt=2020-01-01/${torus}`, '2026-02-11T14:05:02.123Z', 'key'],
    ['nothing', 'section/7/a.jsonl', '2030-01-01T00:00:00.000Z', 'modified'],
    ['no day of the calendar', 'dt=2026-02-30/a', '2030-01-01T00:00:00.000Z', 'modified'],
    ['no hour', '2026-02-11T24-00-00Z_a', '2030-01-01T00:00:00.000Z', 'modified'],
    ['a folder with a time', '2026-02-11T14-05-02Z_a/b', '2030-01-01T00:00:00.000Z', 'modified'],
    [
      'a name that only contains one',
      'x2026-02-11T14-05-02Z_a',
      '2030-01-01T00:00:00.000Z',
      'modified',
    ],
    ['a partition with more', 'xdt=2026-02-11/a', '2030-01-01T00:00:00.000Z', 'modified'],
  ])('%s', (_, key, at, from) => {
    const date = dateOf({ key, lastModified })
    expect([new Date(date.at).toISOString(), date.from]).toEqual([at, from])
  })
})

const outsideOf = (window: JobWindow, key: string, sizeBytes?: number, dataset = 'xapi_events') =>
  createPlacing(window)(listed(key, sizeBytes), dataset).outside

describe('a window', () => {
  test('003-14: has its start inside and its end outside', () => {
    const at = Date.UTC(2026, 1, 11, 14, 5, 2, 123)
    expect(outsideOf({ start: at, end: at + 1 }, torus)).toBeUndefined()
    expect(outsideOf({ start: at - 1, end: at }, torus)).toBe('date')
    expect(outsideOf({ start: at + 1 }, torus)).toBe('date')
  })

  test('of nothing has everything but folders', () => {
    expect(outsideOf({}, torus)).toBeUndefined()
    expect(outsideOf({}, 'section/7/', 0)).toBe('folder')
  })

  test('knows hours, sizes, datasets and patterns of keys', () => {
    expect(outsideOf({ hours: [14] }, torus)).toBeUndefined()
    expect(outsideOf({ hours: [13, 15] }, torus)).toBe('hour')
    expect(outsideOf({ hours: [0] }, 'dt=2026-02-11/a')).toBe('unknown-hour')
    expect(outsideOf({ hours: [7] }, 'dt=2026-02-11/hour=07/a')).toBeUndefined()
    expect(outsideOf({ minBytes: 10, maxBytes: 10 }, torus, 10)).toBeUndefined()
    expect(outsideOf({ minBytes: 11 }, torus, 10)).toBe('size')
    expect(outsideOf({ maxBytes: 9 }, torus, 10)).toBe('size')
    expect(outsideOf({ datasets: ['xapi_events'] }, torus)).toBeUndefined()
    expect(outsideOf({ datasets: ['shipments'] }, torus)).toBe('dataset')
    expect(createPlacing({ datasets: ['a'] })(listed(torus), undefined).outside).toBe('dataset')
    expect(outsideOf({ keyRegex: '/video/.*\\.jsonl$' }, torus)).toBeUndefined()
    expect(outsideOf({ keyRegex: '/page_viewed/' }, torus)).toBe('key')
  })
})

const known = ['shipments', 'xapi_events']

describe('a window that is asked for', () => {
  test('001-8: takes a day as an end with all its hours, a time as it is', () => {
    expect(readWindow({ start: '2026-02-11', end: '2026-02-11' }, known)).toEqual({
      window: { start: Date.UTC(2026, 1, 11), end: Date.UTC(2026, 1, 12) },
    })
    expect(
      readWindow({ start: '2026-02-11T01:00:00+01:00', end: '2026-02-11T00:00:00.5Z' }, known),
    ).toEqual({
      window: { start: Date.UTC(2026, 1, 11), end: Date.UTC(2026, 1, 11, 0, 0, 0, 500) },
    })
  })

  test('is as narrow as what is given', () => {
    const asked = {
      ...{ hours: [3, 1, 3], keyRegex: '^section/', minBytes: 0, maxBytes: 5 },
      ...{ datasets: ['xapi_events'], start: null },
    }
    expect(readWindow(asked, known)).toEqual({
      window: {
        ...{ hours: [1, 3], keyRegex: '^section/', minBytes: 0, maxBytes: 5 },
        datasets: ['xapi_events'],
      },
    })
    expect(readWindow({}, known)).toEqual({ window: {} })
  })

  test.each([
    ['start', '11.02.2026'],
    ['start', '2026-02-30'],
    ['start', '2026-2-1'],
    ['start', '2026-02-11T14:00:00'],
    ['start', '2026-02-30T14:00:00Z'],
    ['start', '2026-02-11T14:00:00+25:00'],
    ['end', 20260211],
    ['end', ''],
    ['hours', []],
    ['hours', [24]],
    ['hours', '7'],
    ['keyRegex', '('],
    ['keyRegex', ''],
    ['keyRegex', 7],
    ['minBytes', -1],
    ['maxBytes', '5'],
    ['datasets', ['nobody']],
    ['datasets', []],
  ])('001-8: is refused, and never everything, where %s is %j', (field, value) => {
    expect(readWindow({ [field]: value }, known)).toEqual({
      problems: [{ field, problem: expect.stringMatching(/^must/) }],
    })
  })

  test('001-8: is refused when nothing can be in it; all problems are told at once', () => {
    expect(readWindow({ start: '2026-02-12', end: '2026-02-11' }, known)).toMatchObject({
      problems: [{ field: 'end', problem: expect.stringContaining('after the start') }],
    })
    const asked = { minBytes: 2, maxBytes: 1, start: '2026-02-11T00:00:00Z', hours: [99] }
    expect(readWindow({ ...asked, end: asked.start }, known)).toMatchObject({
      problems: [{ field: 'hours' }, { field: 'end' }, { field: 'maxBytes' }],
    })
  })
})

describe('a pattern of keys', () => {
  test.each([
    '^section/\\d+/(?:video|page_viewed)/.*\\.jsonl$',
    '/(?<kind>video)/2026-\\d{2}-.*\\.gz$',
    'section/[0-9()+*]+/',
    '\\.jsonl(\\.gz)?$',
    '^\\p{L}+/[^/]*/.*x',
  ])('is taken: %s', (text) => {
    expect(keyPatternProblem(text)).toBeUndefined()
    expect(keyPatternOf(text)).toBeInstanceOf(RegExp)
  })

  test.each([
    ['(a+)+$', 'repeat a group'],
    ['(a|a)*b', 'repeat a group'],
    ['((ab?)c){2,}', 'repeat a group'],
    ['(?:a{1,3}){4}', 'repeat a group'],
    ['.*a.*b.*c', 'at most 3 places'],
    // 2^27 ways from each place of the key: it never ended.
    [`${'(.|.)'.repeat(27)}#`, 'fewer choices'],
    ['(a|.)(b|.)(c|.).*x.*y', 'fewer choices'],
    ['^x|.*a.*b.*c', 'at most 3 places'],
    ['(a)\\1', 'refer back'],
    ['(?=a)b', 'look ahead'],
    ['(?<!a)b', 'look ahead'],
    ['a'.repeat(201), 'at most 200'],
    ['[a', 'regular expression'],
  ])('is refused: %s', (text, problem) => {
    expect(keyPatternProblem(text)).toContain(problem)
  })

  test('of the slowest kind that is taken is over with the longest key', () => {
    const text = 'a.*b.*c'
    expect(keyPatternProblem(text)).toBeUndefined()
    expect(keyPatternOf(text).test('ab'.repeat(512))).toBe(false)
  })
})
