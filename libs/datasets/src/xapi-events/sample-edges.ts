import type { EventType } from './event-type.ts'
import type { SampleStatement } from './sample-statement.ts'
import { writeStatement } from './sample-statement.ts'

/** A line and what must become of it: a row of this type, or a rejection. */
export interface SampleLine {
  readonly bytes: Buffer
  readonly outcome: { readonly row: EventType } | { readonly rejected: string }
}

export const goodLine = (statement: SampleStatement, row: EventType): SampleLine => ({
  bytes: Buffer.from(writeStatement(statement)),
  outcome: { row },
})

const badLine = (text: string, rejected: string): SampleLine => ({
  bytes: Buffer.from(text),
  outcome: { rejected },
})

const oli = 'http://oli.cmu.edu/extensions/'

type Change = (copy: {
  [key: string]: unknown
  actor: { [key: string]: unknown }
  context: { extensions: { [key: string]: unknown } }
  result: { [key: string]: unknown }
  verb: { [key: string]: unknown }
}) => void

const changed = (statement: SampleStatement, change: Change): SampleStatement => {
  const copy = structuredClone(statement) as Parameters<Change>[0]
  change(copy)
  return copy
}

/** Lines that are no loadable statement, each for another reason. */
export const badLines = (statement: SampleStatement): readonly SampleLine[] => {
  const withTime = (timestamp: unknown): string =>
    writeStatement(changed(statement, (copy) => (copy['timestamp'] = timestamp)))
  const text = writeStatement(statement)
  return [
    badLine(text.slice(0, text.length / 2), 'invalid_json'),
    badLine('not json at all', 'invalid_json'),
    badLine('null', 'not_an_object'),
    badLine('[1,2]', 'not_an_object'),
    badLine('"x"', 'not_an_object'),
    badLine('42', 'not_an_object'),
    badLine('{}', 'timestamp_missing'),
    badLine(withTime(undefined), 'timestamp_missing'),
    badLine(withTime(null), 'timestamp_missing'),
    badLine(withTime(' '), 'timestamp_missing'),
    badLine(withTime('yesterday'), 'timestamp_invalid'),
    badLine(withTime('2026-02-30T10:00:00Z'), 'timestamp_invalid'),
    badLine(withTime(1_770_818_607), 'timestamp_invalid'),
    badLine(withTime('1970-01-01T00:00:00Z'), 'timestamp_out_of_range'),
    badLine(withTime('2125-01-01T00:00:00Z'), 'timestamp_out_of_range'),
    {
      bytes: Buffer.concat([
        Buffer.from(`${text.slice(0, -1)},"note":"`),
        Buffer.from([0xc3, 0x28]),
        Buffer.from('"}'),
      ]),
      outcome: { rejected: 'invalid_utf8' },
    },
  ]
}

/** Lines that are odd, and are rows all the same. `part` is a part_attempt, `video` a played video. */
export const oddLines = (part: SampleStatement, video: SampleStatement): readonly SampleLine[] => {
  const oddPart = (change: Change): SampleLine => goodLine(changed(part, change), 'part_attempt')
  const oddVideo = (change: Change): SampleLine => goodLine(changed(video, change), 'video')
  return [
    oddPart((copy) => (copy['timestamp'] = '2026-02-11T16:05:02.123456789+02:00')),
    oddPart((copy) => (copy['timestamp'] = '2026-02-11T14:05:02.5')),
    oddPart((copy) => Object.assign(copy, { actor: '90210' })),
    oddPart((copy) => (copy.actor['account'] = null)),
    oddPart((copy) => (copy.result['response'] = { input: ['a', 'c'] })),
    oddPart((copy) => (copy.result['response'] = { input: 42 })),
    oddPart((copy) => (copy.result['response'] = { input: '' })),
    oddPart((copy) => (copy.result['response'] = {})),
    oddPart((copy) => (copy.result['response'] = ['x'])),
    oddPart((copy) => (copy.result['extensions'] = { [`${oli}feedback`]: null })),
    oddPart((copy) => (copy.context.extensions[`${oli}page_id`] = -1)),
    oddPart((copy) => (copy.context.extensions[`${oli}section_id`] = '18446744073709551616')),
    oddPart((copy) => (copy.context.extensions[`${oli}activity_id`] = { id: 7 })),
    oddPart((copy) => (copy.context.extensions[`${oli}project_id`] = null)),
    oddPart((copy) => (copy.context.extensions[`${oli}experiment_attributions`] = [{ e: 1 }])),
    oddPart((copy) => (copy['id'] = '0d3f2a1c-6a3e-4b51-9c39-0a1b2c3d4e5f')),
    oddPart((copy) => {
      copy.context.extensions = Object.fromEntries(
        Object.entries(copy.context.extensions).map(([key, value]) => [
          key.replace('http://oli', 'https://oli'),
          value,
        ]),
      )
    }),
    oddVideo((copy) => (copy.verb['id'] = 'http://adlnet.gov/expapi/verbs/experienced')),
    oddVideo((copy) => (copy.context.extensions[`${oli}page_attempt_guid`] = null)),
    goodLine(
      changed(video, (copy) => (copy.verb['id'] = 'http://adlnet.gov/expapi/verbs/launched')),
      'unknown',
    ),
    goodLine({ timestamp: '2026-02-11T14:05:02Z' }, 'unknown'),
  ]
}
