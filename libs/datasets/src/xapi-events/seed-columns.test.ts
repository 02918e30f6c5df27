import { readFileSync } from 'node:fs'
import type { Value } from '@silversmith/core'
import { expect, it } from 'vitest'
import { xapiEvents } from './dataset.ts'

/** One statement of each of the nine kinds OLI Torus sends. */
const statements = readFileSync(new URL('./fixtures/every-kind.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
const columns = xapiEvents.tables[0]?.columns.map(({ name }) => name) ?? []

/** In every row. */
const always =
  'event_id user_id host_name section_id project_id publication_id timestamp event_type event_hash'
/** Of every statement, and dropped by seed 000. */
const added = 'home_page verb_id object_id'
const attempt = 'page_attempt_guid page_attempt_number'
const played = `content_element_id video_url video_time video_length ${attempt}`
const paused = `${played} video_progress video_played_segments`
const pageAttempt = `page_id ${attempt} score out_of scaled_score success completion`
const activity = 'activity_attempt_guid activity_attempt_number activity_id activity_revision_id'
const part =
  'part_attempt_guid part_attempt_number part_id response feedback hints_requested attached_objectives session_id'

/** Columns seed 000 filled, and those it dropped: page of videos, title, registration, threshold, text of the tutor. */
const wanted: readonly (readonly [type: string, kept: string, dropped: string])[] = [
  ['video', played, 'page_id video_title registration'],
  ['video', paused, 'page_id video_title registration'],
  [
    'video',
    `content_element_id video_url video_seek_from video_seek_to ${attempt}`,
    'page_id video_title registration',
  ],
  ['video', paused, 'page_id video_title registration video_completion_threshold'],
  ['page_viewed', `page_id ${attempt} page_sub_type success completion`, ''],
  ['page_attempt', pageAttempt, ''],
  ['activity_attempt', `${pageAttempt} ${activity}`, ''],
  ['part_attempt', `${pageAttempt} ${activity} ${part}`, ''],
  ['tutor_message', `page_id ${attempt} ${activity}`, 'tutor_message'],
]

const rowOf = (text: string): Readonly<Record<string, Value>> => {
  const mapped = xapiEvents.map(JSON.parse(text), { hash: 'ab'.repeat(32), text })
  if (!('rows' in mapped)) throw new Error('It is rejected.')
  expect(mapped.rows).toHaveLength(1)
  return Object.fromEntries(
    columns.flatMap((name, at) => {
      const value = mapped.rows[0]?.values[at] ?? null
      return value === null ? [] : [[name, value]]
    }),
  )
}

it.each(wanted.map((want, at) => [at, ...want] as const))(
  'statement %i is a %s with the columns of seed 000 and what it dropped',
  (at, type, kept, dropped) => {
    const row = rowOf(statements[at] ?? '')
    expect(row['event_type']).toBe(type)
    expect(new Set(Object.keys(row))).toEqual(
      new Set([always, added, kept, dropped].join(' ').trim().split(/\s+/)),
    )
  },
)

it('there is a wish for each statement', () => {
  expect(statements).toHaveLength(wanted.length)
})

it('values are those of seed 000 where it had any', () => {
  expect(rowOf(statements[7] ?? '')).toMatchObject({
    ...{ user_id: '90210', host_name: 'torus.example.edu', section_id: 4021, project_id: 318 },
    ...{ response: '0.138 mol', hints_requested: 1, attached_objectives: '[70011,70014]' },
    ...{ score: 1, out_of: 2, scaled_score: 0.5, part_id: '1', session_id: expect.any(String) },
    timestamp: Date.UTC(2026, 1, 11, 14, 5, 2) * 1_000,
  })
  expect(rowOf(statements[3] ?? '')).toMatchObject({
    ...{ video_time: 312.48, video_length: 312.48, video_progress: 1, page_id: 71_234 },
    ...{ video_completion_threshold: 1, registration: '4021-71234-3765579404' },
  })
})
