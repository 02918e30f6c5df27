import { PurgeQueueCommand } from '@aws-sdk/client-sqs'
import { defaultRoutes } from '@silversmith/datasets'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drain } from '../drain.ts'
import { statementOf } from './test-run.ts'
import { startTestStack } from './test-stack.ts'
import type { TestStack } from './test-stack.ts'

/** Objects that were in bronze before anybody listened, loaded by the first system's event. */
let tested: TestStack
const { signal } = new AbortController()
const days = 12
const sections = [145, 146]

const keyOf = (section: number, day: number): string =>
  `section/${section}/video/2026-02-${String(day).padStart(2, '0')}T10-00-00.000000Z_A.jsonl`

const invoke = async (fields: object): Promise<Record<string, unknown>> => {
  const url = `${tested.stack.invokeUrl}/2015-03-31/functions/bulk/invocations`
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(fields) })
  return (await answer.json()) as Record<string, unknown>
}

const shown = async (): Promise<readonly string[]> => {
  const rows = await tested.query<{ source: string; rows: string }>(
    'SELECT _source AS source, toString(count()) AS rows FROM raw_events_current GROUP BY source ORDER BY source',
  )
  return rows.map(({ source, rows: count }) => `${source.split('/').slice(4).join('/')} ${count}`)
}

const asked = { section_id: 145, start_date: '2026-02-03', end_date: '2026-02-05' }
const loaded = [3, 4, 5].map((day) => `${keyOf(145, day).split('/').slice(1).join('/')} 2`)

beforeAll(async () => {
  tested = await startTestStack({ routes: defaultRoutes, environment: {} })
  for (const section of sections)
    for (let day = 1; day <= days; day += 1) {
      const n = section * 100 + 2 * day
      const body = [statementOf(n), statementOf(n + 1)].join('\n')
      await tested.upload(keyOf(section, day), Buffer.from(body))
    }
  await tested.stack.notifier.flush()
  const { queueUrl: QueueUrl } = tested.stack.resources.arrivals.main
  await tested.stack.clients.sqs.send(new PurgeQueueCommand({ QueueUrl }))
  tested.stack.start()
})

afterAll(() => tested?.close())

it('001-11: a dry run says what would be loaded, and a run loads that window and nothing else', async () => {
  const plan = await invoke({ ...asked, dry_run: true })
  expect(plan).toMatchObject({ files_found: 3, counts: { sent: 3, dates: { key: 3 } } })
  expect(await shown()).toEqual([])
  const event = { mode: 'bulk', job_id: 'first', ...asked }
  expect(await invoke(event)).toMatchObject({ state: 'done', total_files_found: 3, sent_files: 3 })
  await drain(tested.stack, { onStatus: () => undefined, signal })
  expect(await shown()).toEqual(loaded.map((line) => expect.stringContaining(line)))
  expect(await invoke(event)).toMatchObject({
    ...{ processed_files: 3, failed_files: 0, pending_files: 0, total_events_processed: 6 },
    ...{ success: true, sent_files: 3, codes: {} },
  })
})

it('001-2, 001-3: again it sends nothing, and with force_reprocess the rows are there once', async () => {
  expect(await invoke({ ...asked, job_id: 'second' })).toMatchObject({
    ...{ sent_files: 0, skipped_files: 3, success: true },
  })
  const forced = { ...asked, job_id: 'forced', force_reprocess: true }
  const { generation } = await invoke(forced)
  await drain(tested.stack, { onStatus: () => undefined, signal })
  expect(await shown()).toEqual(loaded.map((line) => expect.stringContaining(line)))
  const [found] = await tested.query<{ generation: string }>(
    'SELECT toString(min(_generation)) AS generation FROM raw_events_current',
  )
  expect(found?.generation).toBe(String(generation))
  expect(await invoke(forced)).toMatchObject({ processed_files: 3, pending_files: 0 })
})

it('001-8: a malformed date and a window of nothing are errors of the invocation', async () => {
  expect(await invoke({ ...asked, start_date: '3.2.2026' })).toMatchObject({
    errorMessage: expect.stringContaining('start_date must be a day of the calendar'),
  })
  const nothing = { ...asked, start_date: '2027-01-01', end_date: '2027-01-02' }
  expect(await invoke(nothing)).toMatchObject({
    errorMessage: expect.stringContaining('nothing is inside its window'),
  })
})
