import type { Dice } from '../dice.ts'
import type { EventType } from './event-type.ts'

/** A statement as the producer builds it, before it becomes a line. */
export type SampleStatement = Record<string, unknown>

/** Where and by whom the statements of one object were made. */
export interface SampleScene {
  readonly section: number
  readonly user: number
  readonly project: number
  readonly publication: number
  readonly page: number
  readonly pageAttempt: string
  readonly attemptNumber: number
  /** Microseconds since the epoch. */
  readonly micros: number
}

export type VideoVerb = 'played' | 'paused' | 'seeked' | 'completed'

const host = 'torus.example.edu'
const oli = 'http://oli.cmu.edu/extensions/'
const w3 = 'https://w3id.org/xapi/video/extensions/'

const oliKeys = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [oli + name, value]))

const common = (scene: SampleScene): Record<string, unknown> => ({
  page_attempt_guid: scene.pageAttempt,
  page_attempt_number: scene.attemptNumber,
  project_id: scene.project,
  publication_id: scene.publication,
  section_id: scene.section,
})

const actor = (scene: SampleScene): Record<string, unknown> => ({
  account: { homePage: host, name: scene.user },
  objectType: 'Agent',
})

const verb = (id: string, display: string): Record<string, unknown> => ({
  id,
  display: { 'en-US': display },
})

/** `2026-02-11T14:03:27.481920Z` */
export const writeMicros = (micros: number): string =>
  `${new Date(Math.floor(micros / 1_000)).toISOString().slice(0, 19)}.${String(
    ((micros % 1_000_000) + 1_000_000) % 1_000_000,
  ).padStart(6, '0')}Z`

/** Attempts carry whole seconds. */
const writeSeconds = (micros: number): string => writeMicros(micros).replace(/\.\d+Z$/, 'Z')

const titles = [
  'intro-stoichiometry',
  'molar-mass',
  'équilibre-chimique',
  'limiting-reagents',
] as const

export const videoStatement = (
  scene: SampleScene,
  kind: VideoVerb,
  dice: Dice,
): SampleStatement => {
  const title = dice.pick(titles)
  const lengthSeconds = 60 + dice.below(60_000) / 100
  const at = Math.round(dice.roll() * lengthSeconds * 100) / 100
  const element = String(3_000_000_000 + dice.below(999_999))
  const results: Record<VideoVerb, Record<string, unknown>> = {
    played: { time: at },
    paused: { 'played-segments': `0[.]${at}`, progress: at / lengthSeconds, time: at },
    seeked: { 'time-from': at, 'time-to': Math.round(at * 50) / 100 },
    completed: { 'played-segments': `0[.]${lengthSeconds}`, progress: 1, time: lengthSeconds },
  }
  return {
    actor: actor(scene),
    context: {
      contextActivities: { category: [{ id: 'https://w3id.org/xapi/video' }] },
      extensions: {
        ...oliKeys({ ...common(scene), content_element_id: element, resource_id: scene.page }),
        ...(kind === 'seeked' ? {} : { [`${w3}length`]: lengthSeconds }),
        ...(kind === 'completed' ? { [`${w3}completion-threshold`]: '1.0' } : {}),
      },
    },
    object: {
      definition: {
        name: { 'en-US': title },
        type: 'https://w3id.org/xapi/video/activity-type/video',
      },
      id: `https://media.example.edu/videos/${title}.mp4`,
      objectType: 'Activity',
    },
    registration: `${scene.section}-${scene.page}-${element}`,
    result: {
      extensions: Object.fromEntries(
        Object.entries(results[kind]).map(([name, value]) => [w3 + name, value]),
      ),
    },
    timestamp: writeMicros(scene.micros),
    verb: verb(`https://w3id.org/xapi/video/verbs/${kind}`, kind),
  }
}

export const pageViewedStatement = (scene: SampleScene, dice: Dice): SampleStatement => ({
  actor: actor(scene),
  context: { extensions: oliKeys({ ...common(scene), page_id: scene.page }) },
  object: {
    definition: {
      name: { 'en-US': 'Page' },
      subType: dice.pick(['basic', 'advanced']),
      type: `${oli}types/page`,
    },
    // The stray brace is the producer's.
    id: `${host}/page/${scene.page}}`,
    objectType: 'Page',
  },
  result: { completion: true, success: true },
  timestamp: writeMicros(scene.micros),
  verb: verb('http://id.tincanapi.com/verb/viewed', 'viewed'),
})

/** An activity and its attempt, shared by the parts of one submission. */
export interface SampleSubmission {
  readonly activity: number
  readonly revision: number
  readonly guid: string
  readonly number: number
}

const submissionKeys = (submission: SampleSubmission): Record<string, unknown> => ({
  activity_attempt_guid: submission.guid,
  activity_attempt_number: submission.number,
  activity_id: submission.activity,
  activity_revision_id: submission.revision,
})

const attemptStatement = (
  scene: SampleScene,
  kind: Extract<EventType, 'page_attempt' | 'activity_attempt' | 'part_attempt'>,
  guid: string,
  extensions: Record<string, unknown>,
  result: Record<string, unknown>,
): SampleStatement => ({
  actor: actor(scene),
  context: { extensions: oliKeys({ ...common(scene), page_id: scene.page, ...extensions }) },
  object: {
    definition: {
      name: { 'en-US': kind.replace('_', ' ') },
      type: kind === 'part_attempt' ? 'http://adlnet.gov/expapi/activities/question' : oli + kind,
    },
    id: `${host}/${kind}/${guid}}`,
    objectType: 'Activity',
  },
  result: { completion: true, success: true, ...result },
  timestamp: writeSeconds(scene.micros),
  verb: verb('http://adlnet.gov/expapi/verbs/completed', 'completed'),
})

const score = (dice: Dice, max: number): Record<string, unknown> => {
  const raw = dice.below(max + 1)
  return { max, min: 0, raw, scaled: raw / max }
}

export const pageAttemptStatement = (scene: SampleScene, dice: Dice): SampleStatement =>
  attemptStatement(scene, 'page_attempt', scene.pageAttempt, {}, { score: score(dice, 10) })

export const activityAttemptStatement = (
  scene: SampleScene,
  submission: SampleSubmission,
  dice: Dice,
): SampleStatement =>
  attemptStatement(scene, 'activity_attempt', submission.guid, submissionKeys(submission), {
    score: score(dice, 2),
  })

export const partAttemptStatement = (
  scene: SampleScene,
  submission: SampleSubmission,
  part: number,
  dice: Dice,
): SampleStatement => {
  const guid = dice.uuid()
  const extensions = {
    ...submissionKeys(submission),
    attached_objectives: [70_000 + dice.below(50), 70_050 + dice.below(50)],
    hints_requested: Array.from({ length: dice.below(3) }, () => dice.hex(10)),
    part_attempt_guid: guid,
    part_attempt_number: submission.number,
    part_id: String(part),
    session_id: dice.uuid(),
  }
  const feedback = {
    content: [{ children: [{ text: 'Check the molar mass.' }], id: dice.hex(3), type: 'p' }],
    id: dice.hex(7),
  }
  return attemptStatement(scene, 'part_attempt', guid, extensions, {
    extensions: oliKeys({ feedback: dice.below(4) === 0 ? null : feedback }),
    response: { input: `${dice.below(1_000) / 1_000} mol` },
    score: score(dice, 2),
  })
}

export const tutorMessageStatement = (
  scene: SampleScene,
  submission: SampleSubmission,
): SampleStatement => ({
  actor: actor(scene),
  context: {
    extensions: oliKeys({ ...common(scene), page_id: scene.page, ...submissionKeys(submission) }),
  },
  object: {
    definition: { name: { 'en-US': 'Tutor Message' }, type: `${oli}tutor_message` },
    id: `${host}/tutor_message/${submission.guid}`,
    objectType: 'Tutor',
  },
  result: { message: '<message><tool_message>hint</tool_message></message>' },
  timestamp: writeMicros(scene.micros),
  verb: verb('http://activitystrea.ms/schema/1.0/create', 'created'),
})

/** The producer writes the keys of every object in order. */
export const writeStatement = (statement: SampleStatement): string =>
  JSON.stringify(statement, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
