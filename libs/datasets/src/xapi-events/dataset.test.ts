import { createHash } from 'node:crypto'
import type { Value } from '@silversmith/core'
import { describe, expect, it } from 'vitest'
import { xapiEvents } from './dataset.ts'
import { eventTypeOf } from './event-type.ts'

const oli = 'http://oli.cmu.edu/extensions/'
const base = { timestamp: '2026-02-11T14:05:02Z' }
const withExtensions = (extensions: Record<string, unknown>): Record<string, unknown> => ({
  ...base,
  context: {
    extensions: Object.fromEntries(
      Object.entries(extensions).map(([name, value]) => [oli + name, value]),
    ),
  },
})

const map = (record: unknown, hash = 'ab'.repeat(32)): Record<string, Value> | string => {
  const mapped = xapiEvents.map(record, { hash })
  if ('rejection' in mapped) return mapped.rejection.reason
  if (!('rows' in mapped)) throw new Error('Nothing is discarded here.')
  expect(mapped.rows).toHaveLength(1)
  const names = xapiEvents.tables[0]?.columns.map(({ name }) => name) ?? []
  return Object.fromEntries(names.map((name, at) => [name, mapped.rows[0]?.values[at] as Value]))
}

describe('xapi_events has none of the defects of the system it replaces', () => {
  it('000-1: a line that is no object is rejected alone', () => {
    for (const record of [null, [1], 'x', 7, true]) expect(map(record)).toBe('not_an_object')
    expect(map({ ...base, actor: 'a string' })).toMatchObject({ user_id: '' })
  })

  it('000-2: responses of every type are text', () => {
    const inputs = [['a'], 42, 'text', '', { x: 1 }]
    expect(
      inputs.map((input) => {
        const row = map({ ...base, result: { response: { input } } })
        return typeof row === 'object' && row['response']
      }),
    ).toEqual(['["a"]', '42', 'text', '', '{"x":1}'])
  })

  it('000-3: a timestamp that cannot be read rejects its record, not its file', () => {
    expect(map({ timestamp: 'yesterday' })).toBe('timestamp_invalid')
    expect(map({ timestamp: '1970-01-01T00:00:00Z' })).toBe('timestamp_out_of_range')
  })

  it('000-4: a missing timestamp is never made up', () => {
    expect(map({})).toBe('timestamp_missing')
    expect(map({ timestamp: null })).toBe('timestamp_missing')
  })

  it('000-5: event_id is the statement id, else the same for the same line for ever', () => {
    expect(map({ ...base, id: 'given' })).toMatchObject({ event_id: 'given' })
    const hash = createHash('sha256').update('line').digest('hex')
    expect(map(base, hash)).toMatchObject({ event_id: '957fb059-2a6f-5bcb-8f21-872da1879b14' })
    expect(map(base, hash)).toEqual(map(base, hash))
  })

  it('000-12: the page of a video comes from resource_id', () => {
    expect(map(withExtensions({ resource_id: 71_234 }))).toMatchObject({ page_id: 71_234 })
    expect(map(withExtensions({ page_id: 1, resource_id: 2 }))).toMatchObject({ page_id: 1 })
  })

  it('000-13: verb, title, registration, threshold and tutor text are kept', () => {
    const verb = { id: 'http://activitystrea.ms/schema/1.0/create' }
    const object = { definition: { type: `${oli}tutor_message` } }
    expect(map({ ...base, verb, object, result: { message: 'Well done' } })).toMatchObject({
      event_type: 'tutor_message',
      verb_id: verb.id,
      tutor_message: 'Well done',
    })
    expect(
      map({
        ...base,
        registration: '4021-1-2',
        verb: { id: 'https://w3id.org/xapi/video/verbs/completed' },
        object: { definition: { name: { 'en-US': 'Intro' } } },
        context: {
          extensions: { 'https://w3id.org/xapi/video/extensions/completion-threshold': '0.95' },
        },
      }),
    ).toMatchObject({
      registration: '4021-1-2',
      video_title: 'Intro',
      video_completion_threshold: 0.95,
    })
  })

  it('000-14: event_hash is a column, and equal lines are two rows of one hash', () => {
    const hash = 'cd'.repeat(32)
    expect(map(base, hash)).toMatchObject({ event_hash: hash })
    expect(xapiEvents.tables[0]?.orderBy).not.toContain('event_hash')
  })

  it('000-15: ids that do not fit are null and their values are rescued', () => {
    const row = map(
      withExtensions({ section_id: -1, activity_id: '18446744073709551616', page_id: {} }),
    )
    expect(row).toMatchObject({ section_id: null, activity_id: null, page_id: null })
    expect(JSON.parse(String(typeof row === 'object' && row['_rescued']))).toEqual({
      [`context.extensions["${oli}section_id"]`]: -1,
      [`context.extensions["${oli}activity_id"]`]: '18446744073709551616',
      [`context.extensions["${oli}page_id"]`]: {},
    })
  })

  it('000-18: no reason holds anything of the statement', () => {
    const secret = 'learner-4711'
    for (const record of [{ timestamp: secret }, { timestamp: [secret], actor: secret }, [secret]])
      expect(JSON.stringify(xapiEvents.map(record, { hash: '' }))).not.toContain(secret)
  })

  it('000-24: a part attempt is not taken for an activity attempt', () => {
    const verb = { id: 'http://adlnet.gov/expapi/verbs/completed' }
    const object = { definition: { type: 'http://adlnet.gov/expapi/activities/question' } }
    expect(map({ ...withExtensions({ activity_attempt_guid: 'g' }), verb, object })).toMatchObject({
      event_type: 'part_attempt',
      activity_attempt_guid: 'g',
    })
  })

  it('000-25: what is not there is null, not false or zero', () => {
    expect(map({ ...base, result: {} })).toMatchObject({
      success: null,
      completion: null,
      score: null,
      hints_requested: null,
      section_id: null,
    })
  })
})

describe('xapi_events has none of the defects of the first ETL', () => {
  it('001-5: backslashes, quotes and nested values are kept as they are', () => {
    const texts = ['\\', "'", "\\'", '"', "it's \\ 'x'", '\n\t\u0000']
    for (const input of texts) {
      expect(map({ ...base, result: { response: { input } } })).toMatchObject({ response: input })
      const feedback = { [`${oli}feedback`]: { text: input } }
      const row = map({ ...base, result: { extensions: feedback } })
      const kept = JSON.parse(String(typeof row === 'object' && row['feedback'])) as unknown
      expect(kept).toEqual({ text: input })
    }
  })

  it('001-6: hints are counted, whether their ids or their number are sent', () => {
    const hints = [['2475577451'], ['a', 'b'], [], 3, '4']
    expect(
      hints.map((hints_requested) => {
        const row = map(withExtensions({ hints_requested }))
        return typeof row === 'object' && row['hints_requested']
      }),
    ).toEqual([1, 2, 0, 3, 4])
  })

  it('001-7: every kind of event is known', () => {
    const kinds: readonly string[] = ['activity_attempt', 'page_attempt', 'part_attempt']
    const verb = { id: 'http://adlnet.gov/expapi/verbs/completed' }
    for (const kind of kinds) {
      const type =
        kind === 'part_attempt' ? 'http://adlnet.gov/expapi/activities/question' : `${oli}${kind}`
      expect(eventTypeOf({ verb, object: { definition: { type } } })).toBe(kind)
    }
    const viewed = { id: 'http://id.tincanapi.com/verb/viewed' }
    const page = { definition: { type: `${oli}types/page` } }
    expect(eventTypeOf({ verb: viewed, object: page })).toBe('page_viewed')
  })

  it('001-9: a statement of no known kind is a row', () => {
    expect(map({ ...base, verb: { id: 'https://example.edu/verbs/new' } })).toMatchObject({
      event_type: 'unknown',
      verb_id: 'https://example.edu/verbs/new',
    })
  })

  it('001-14: names with dots are names, not paths', () => {
    expect(map({ ...base, 'actor.account.name': 'x', 'verb.id': 'x' })).toMatchObject({
      user_id: '',
      verb_id: null,
    })
    expect(map({ ...base, actor: { account: { name: 'x' } } })).toMatchObject({ user_id: 'x' })
  })
})

describe('eventTypeOf', () => {
  it('keeps every statement that fits no kind as unknown', () => {
    expect(eventTypeOf({})).toBe('unknown')
    expect(eventTypeOf({ verb: { id: 'http://adlnet.gov/expapi/verbs/completed' } })).toBe(
      'unknown',
    )
    expect(map(base)).toMatchObject({ event_type: 'unknown' })
  })
})

describe('the views of upstream', () => {
  const namesOf = (view: string): readonly string[] => {
    const views = xapiEvents.tables.flatMap((table) => table.views)
    const select = views.find(({ name }) => name === view)?.select ?? ''
    return [...select.matchAll(/ AS (\w+),?$/gm)].map(([, name]) => name ?? '')
  }

  it.each([
    [
      'raw_events_seed',
      `event_id user_id host_name section_id project_id publication_id timestamp event_type page_id
       content_element_id video_url video_time video_length video_progress video_played_segments
       video_play_time video_seek_from video_seek_to activity_attempt_guid activity_attempt_number
       page_attempt_guid page_attempt_number part_attempt_guid part_attempt_number activity_id
       activity_revision_id part_id page_sub_type score out_of scaled_score success completion
       response feedback hints_requested attached_objectives session_id inserted_at event_hash
       event_version source_file source_etag source_line`,
    ],
    [
      'raw_events_torus',
      `user_id home_page section_id project_id publication_id enrollment_id timestamp event_type verb_id
       page_id content_element_id video_url video_time video_length video_progress
       video_played_segments video_seek_from video_seek_to activity_attempt_guid
       activity_attempt_number page_attempt_guid page_attempt_number part_attempt_guid
       part_attempt_number activity_id activity_revision_id part_id page_sub_type score out_of
       scaled_score success completion response feedback hints_requested attached_objectives
       session_id inserted_at event_hash event_version source_file source_etag source_line`,
    ],
    [
      'raw_events_first',
      `event_id user_id host_name section_id project_id publication_id timestamp event_type attempt_guid
       attempt_number page_id content_element_id video_url video_title video_time video_length
       video_progress video_played_segments video_play_time video_seek_from video_seek_to
       activity_attempt_guid activity_attempt_number page_attempt_guid page_attempt_number
       part_attempt_guid part_attempt_number activity_id activity_revision_id part_id page_sub_type
       score out_of scaled_score success completion response feedback hints_requested
       attached_objectives session_id inserted_at`,
    ],
    [
      'video_events_seed',
      `event_id timestamp user_id session_id section_id page_id content_element_id video_url video_title
       verb video_time video_length video_progress video_played_segments video_play_time
       video_seek_from video_seek_to inserted_at`,
    ],
    [
      'page_viewed_events_seed',
      `event_id user_id host_name section_id project_id publication_id page_attempt_guid
       page_attempt_number page_id page_sub_type timestamp success completion`,
    ],
  ])('%s has the names upstream used, in its order', (view, names) => {
    expect(namesOf(view)).toEqual(names.split(/\s+/))
  })
})
