import { expect, test } from 'vitest'
import { readReconcileEvent } from './reconcile-event.ts'

const now = Date.UTC(2026, 1, 12)
const read = (fields: Readonly<Record<string, unknown>>, buckets = ['bronze']) =>
  readReconcileEvent(fields, buckets, now)

test('an event without fields asks for all of the only bucket, and sends nothing', () => {
  expect(read({})).toEqual({
    ...{ bucket: 'bronze', prefix: '', since: undefined, enqueue: false },
    ...{ setAside: false, variant: '' },
  })
})

test.each([
  [86_400, Date.UTC(2026, 1, 11)],
  [0.5, now - 500],
  ['2026-02-10', Date.UTC(2026, 1, 10)],
  ['2026-02-10T12:00Z', Date.UTC(2026, 1, 10, 12)],
  ['2026-02-10T12:00:00.5+01:00', Date.UTC(2026, 1, 10, 11, 0, 0, 500)],
])('since %j is a time', (since, at) => {
  expect(read({ since })).toMatchObject({ since: at, variant: `since=${since}` })
})

test.each([
  [{ since: 0 }, 'since must be a number of seconds before now'],
  [{ since: -1 }, 'since must be'],
  [{ since: '1d' }, 'since must be'],
  [{ since: '2026-02-30T00:00:00' }, 'since must be'],
  [{ since: null }, 'since must be'],
  [{ enqueue: 'yes' }, 'enqueue must be true or false'],
  [{ enqueue: true, setAside: 1 }, 'setAside must be true or false'],
  [{ setAside: true }, 'setAside goes with "enqueue": true'],
  [{ prefix: 7 }, 'prefix must be a text'],
  [{ prefix: 'ø'.repeat(750) }, 'prefix must be a text of at most 1500 bytes'],
  [{ bucket: 'other' }, 'bucket must be one of BRONZE_BUCKET: bronze'],
  [
    { buckets: ['bronze'] },
    '"buckets" is no field; known are bucket, prefix, since, enqueue, setAside',
  ],
])('refuses %j', (fields, message) => {
  expect(() => read(fields)).toThrow(message)
})

test('what sends more goes on where it stopped itself, and not where the other did', () => {
  expect(read({ enqueue: true, setAside: true })).toMatchObject({
    ...{ enqueue: true, setAside: true, variant: 'enqueue&setAside' },
  })
})

test('tells all problems at once, as an event nobody understands', () => {
  try {
    read({ since: 'x', dryRun: true, enqueue: 1 })
  } catch (error) {
    expect(error).toMatchObject({
      code: 'EVENT_UNKNOWN',
      message: expect.stringMatching(/"dryRun" is no field.*since must.*enqueue must/) as unknown,
    })
    return
  }
  throw new Error('taken')
})

test('asks which bucket where there are several, and for one where there is none', () => {
  expect(() => read({}, ['one', 'two'])).toThrow('bucket is missing: one of one, two')
  expect(read({ bucket: 'two' }, ['one', 'two']).bucket).toBe('two')
  expect(() => read({}, [])).toThrow('BRONZE_BUCKET is not set')
})
