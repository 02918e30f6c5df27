import { expect, it } from 'vitest'
import type { CommandOf } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import { requestOf } from './replay.ts'
import { describeReplay } from './replay-text.ts'

const now = Date.UTC(2026, 1, 12)
const hourMs = 3_600_000
const deployment = { buckets: ['b'], replayPrefix: '_replay/' }
const command: CommandOf<'replay'> = {
  ...{ kind: 'replay', via: 'copy', bucket: undefined, prefix: 'section/', force: false },
  ...{ start: { agoMs: 2 * hourMs }, end: { agoMs: hourMs }, to: undefined },
  ...{ limit: undefined, rate: undefined, dryRun: false, dir: undefined, json: false },
}
const ask = (more: Partial<CommandOf<'replay'>> = {}, buckets = ['b']) =>
  requestOf({ ...command, ...more }, { ...deployment, buckets }, { now, runId: 'RUN' })

it('makes copies in a folder of their own, or in that of a run before', () => {
  const window = { start: now - 2 * hourMs, end: now - hourMs }
  expect(ask()).toMatchObject({ bucket: 'b', copiesTo: '_replay/RUN/', ...window })
  expect(ask({ to: '_replay/x' }).copiesTo).toBe('_replay/x/')
  expect(ask({ to: '_replay/x/' }).copiesTo).toBe('_replay/x/')
  expect(ask({ via: 'queue' }).copiesTo).toBeUndefined()
  expect(ask({ bucket: 'c' }, ['b', 'c']).bucket).toBe('c')
})

it.each<[string, Partial<CommandOf<'replay'>>, readonly string[]]>([
  ['003-14: of copies', { prefix: '_replay/' }, ['b']],
  ['003-14: of one folder of copies', { prefix: '_replay/RUN/' }, ['b']],
  ['003-14: to where copies would be new objects', { to: 'section/replayed/' }, ['b']],
  ['of nothing', { start: { agoMs: 1 }, end: { agoMs: 1 } }, ['b']],
  ['of a window that ends before it begins', { end: { agoMs: 3 * hourMs } }, ['b']],
  ['of a bucket that is none of the pipeline', { bucket: 'foreign' }, ['b']],
  ['of one of several buckets', {}, ['b', 'c']],
])('refuses a replay %s', (_, more, buckets) => {
  expect(() => ask(more, [...buckets])).toThrow(UsageError)
})

it('says what was handed over, what was passed over and why, and what failed', () => {
  const sum = {
    ...{ listed: 20, found: 12, sent: 3, bytes: 42, there: 1, gone: 1, generation: undefined },
    standings: { new: 6, loaded: 5, stuck: 1 },
    failed: [{ url: 's3://b/x', version: 'v', problem: 'STORE_DENIED: no' }],
    isCut: true,
  }
  expect(describeReplay(ask(), sum, undefined).split('\n')).toEqual([
    'copied below s3://b/_replay/RUN/: 3 objects with 42 bytes, of 12 in the window, of 20 listed',
    '  5 loaded before',
    '  1 cannot be judged: silversmith reconcile says why',
    '  1 copied before, into the same folder',
    '  1 deleted or replaced meanwhile',
    '  1 failed; the same command tries them again',
    '    s3://b/x: STORE_DENIED: no',
    'the limit was reached: there is more in the window',
    'silversmith status tells when they are loaded',
  ])
  const forced = { ...ask({ via: 'queue', force: true, dryRun: true }) }
  const all = { ...sum, failed: [], there: 0, gone: 0, isCut: false, standings: { loaded: 5 } }
  expect(describeReplay(forced, all, 'bulk').split('\n')).toEqual([
    'would be sent to the bulk queue: 3 objects with 42 bytes, of 12 in the window, of 20 listed',
    'nothing was changed; --yes does it',
  ])
  const none = { ...all, found: 0, sent: 0, bytes: 0, standings: {} }
  expect(describeReplay(forced, none, 'bulk')).toContain('when objects were written')
  expect(describeReplay(forced, { ...none, listed: 0 }, 'bulk')).toContain('there is no object')
})
