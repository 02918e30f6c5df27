import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { createDice } from '../dice.ts'
import type { Dice } from '../dice.ts'
import type { EventType } from './event-type.ts'
import type { SampleLine } from './sample-edges.ts'
import { badLines, goodLine, oddLines } from './sample-edges.ts'
import type { SampleScene, SampleSubmission, VideoVerb } from './sample-statement.ts'
import {
  activityAttemptStatement,
  pageAttemptStatement,
  pageViewedStatement,
  partAttemptStatement,
  tutorMessageStatement,
  videoStatement,
  writeMicros,
} from './sample-statement.ts'

export interface SampleOptions {
  readonly seed: number
  /** Ordinary objects, at least 1; some twenty odd ones come on top. Default 300. */
  readonly objects?: number
  /** Days from 2026-01-05 on over which they spread. Default 90. */
  readonly days?: number
}

export interface SampleObject {
  readonly key: string
  readonly body: Uint8Array
}

/** What a run over the sample must report; known by construction, not by mapping. */
export interface SampleExpectation {
  readonly objects: number
  readonly records: number
  /** Accepted records. */
  readonly rows: number
  readonly rejected: number
  readonly rejectedByReason: Readonly<Record<string, number>>
  /** Accepted records whose content hash occurred before. */
  readonly duplicates: number
  readonly dispositions: Readonly<Record<string, number>>
  readonly accepted: readonly (SampleRecord & { readonly eventType: EventType })[]
  /** Accepted records that count for an experiment, each for one. */
  readonly attributed: readonly SampleRecord[]
  readonly rejections: readonly (SampleRecord & { readonly reason: string })[]
}

/** A record by its place; `hash` is its content hash. */
export interface SampleRecord {
  readonly key: string
  readonly record: number
  readonly line: number
  readonly hash: string
}

export interface Sample {
  readonly objects: readonly SampleObject[]
  readonly expected: SampleExpectation
}

/** An object before it is bytes. A line without an outcome is blank. */
interface Draft {
  readonly key: string
  readonly lines: readonly SampleLine[]
  readonly blankAfterEach?: boolean
  readonly lineEnd?: '\n' | '\r\n'
  readonly mark?: boolean
  readonly lastLineEnds?: boolean
  readonly gzip?: 'whole' | 'cut'
}

const daysDefault = 90
const firstDay = Date.UTC(2026, 0, 5) * 1_000

/**
 * Objects in the layout of OLI Torus: statements of all nine kinds joined by line feeds, and objects with everything that was
 * seen to go wrong. The same options give the same objects.
 */
export const sampleObjects = (options: SampleOptions): Sample => {
  const { seed, objects = 300, days = daysDefault } = options
  if (!Number.isSafeInteger(objects) || objects < 1)
    throw new RangeError('objects must be a whole number from 1.')
  const dice = createDice(seed)
  const drafts = Array.from({ length: objects }, (): Draft => ordinaryDraft(dice, days))
  drafts.push(...oddDrafts(dice, days, drafts))
  return {
    objects: [
      ...drafts.map((draft) => ({ key: draft.key, body: bodyOf(draft) })),
      { key: 'section/4021/video/README.txt', body: Buffer.from('Not a statement.\n') },
    ],
    expected: expectationOf(drafts),
  }
}

const sceneOf = (dice: Dice, days: number): SampleScene => {
  const section = 4_000 + dice.below(12)
  return {
    section,
    user: section * 100 + dice.below(25),
    project: 300 + (section % 5),
    publication: 5_500 + (section % 7),
    page: 71_000 + dice.below(40),
    pageAttempt: dice.uuid(),
    attemptNumber: 1 + dice.below(3),
    micros: firstDay + dice.below(days * 86_400) * 1_000_000 + dice.below(1_000_000),
  }
}

const submissionOf = (dice: Dice): SampleSubmission => ({
  activity: 81_000 + dice.below(200),
  revision: 402_000 + dice.below(900),
  guid: dice.uuid(),
  number: 1 + dice.below(4),
})

/** `section/<id>/<category>/<time>_<bundle>.jsonl`: the time of the upload, colons as dashes. */
const keyOf = (dice: Dice, scene: SampleScene, category: string, suffix = '.jsonl'): string =>
  `section/${scene.section}/${category}/${writeMicros(scene.micros + 5_000_000).replaceAll(':', '-')}_${dice
    .hex(32)
    .toUpperCase()}${suffix}`

const categories = [
  ...Array.from({ length: 8 }, () => 'video' as const),
  ...Array.from({ length: 5 }, () => 'page_viewed' as const),
  ...Array.from({ length: 6 }, () => 'attempt_evaluated' as const),
  'tutor_message' as const,
]

const ordinaryDraft = (dice: Dice, days: number): Draft => {
  const scene = sceneOf(dice, days)
  const category = dice.pick(categories)
  const lines =
    category === 'attempt_evaluated'
      ? attemptLines(dice, scene)
      : Array.from({ length: 1 + dice.below(24) }, (_, at) => {
          const later = { ...scene, micros: scene.micros + at * 1_500_007 }
          if (category === 'video')
            return goodLine(videoStatement(later, dice.pick(videoVerbs), dice), 'video')
          return category === 'page_viewed'
            ? goodLine(pageViewedStatement(later, dice), 'page_viewed')
            : goodLine(tutorMessageStatement(later, submissionOf(dice)), 'tutor_message')
        })
  return { key: keyOf(dice, scene, category), lines }
}

/** Statements of one ordinary object, as texts. */
export const sampleLines = (dice: Dice): readonly string[] =>
  ordinaryDraft(dice, daysDefault).lines.map(({ bytes }) => bytes.toString())

const videoVerbs: readonly VideoVerb[] = ['played', 'paused', 'seeked', 'completed']

/** A page's attempt first, when the page is evaluated; then each activity's parts before the activity. */
const attemptLines = (dice: Dice, scene: SampleScene): readonly SampleLine[] => [
  ...(dice.below(2) === 0 ? [goodLine(pageAttemptStatement(scene, dice), 'page_attempt')] : []),
  ...Array.from({ length: 1 + dice.below(4) }, () => submissionOf(dice)).flatMap((submission) => [
    ...Array.from({ length: 1 + dice.below(3) }, (_, part) =>
      goodLine(partAttemptStatement(scene, submission, part + 1, dice), 'part_attempt'),
    ),
    goodLine(activityAttemptStatement(scene, submission, dice), 'activity_attempt'),
  ]),
]

const oddDrafts = (dice: Dice, days: number, ordinary: readonly Draft[]): readonly Draft[] => {
  const scene = sceneOf(dice, days)
  const video = videoStatement(scene, 'played', dice)
  const part = partAttemptStatement(scene, submissionOf(dice), 1, dice)
  const odd = oddLines(part, video)
  const bad = badLines(part)
  const fresh = (): readonly SampleLine[] => ordinaryDraft(dice, days).lines
  const key = (category: string, suffix?: string): string => keyOf(dice, scene, category, suffix)
  const [again] = ordinary
  const line = goodLine(video, 'video')
  return [
    { key: key('attempt_evaluated'), lines: odd },
    { key: key('attempt_evaluated'), lines: bad },
    {
      key: key('attempt_evaluated'),
      lines: odd.flatMap((good, at) => [good, ...bad.slice(at, at + 1)]),
    },
    { key: key('video'), lines: [line, line] },
    { key: key('video'), lines: [line], lastLineEnds: true },
    ...(again ? [{ ...again, key: key('video') }] : []),
    { key: key('video'), lines: fresh(), lineEnd: '\r\n', lastLineEnds: true },
    { key: key('video'), lines: fresh(), blankAfterEach: true },
    { key: key('page_viewed'), lines: fresh(), mark: true },
    { key: key('page_viewed'), lines: fresh(), mark: true, lineEnd: '\r\n', blankAfterEach: true },
    { key: key('video', '.jsonl.gz'), lines: fresh(), gzip: 'whole' },
    { key: key('video', '.jsonl.gz'), lines: [...fresh(), ...bad], gzip: 'whole', mark: true },
    { key: key('video'), lines: fresh(), gzip: 'whole' },
    { key: key('video', '.jsonl.gz'), lines: fresh(), gzip: 'cut' },
    { key: key('video'), lines: [] },
    { key: key('video'), lines: [], blankAfterEach: true },
    // Keys that need care on their way through events and listings.
    { key: `section/4021/video/a b+c%20é=&.jsonl`, lines: fresh() },
  ]
}

const cutBytes = 12

const bodyOf = (draft: Draft): Uint8Array => {
  const end = Buffer.from(draft.lineEnd ?? '\n')
  const pieces = draft.lines.flatMap(({ bytes }, at) => [
    ...(at > 0 ? [end] : []),
    bytes,
    ...(draft.blankAfterEach ? [end, Buffer.from(at % 2 ? '' : ' \t')] : []),
  ])
  if (draft.lastLineEnds) pieces.push(end)
  if (draft.blankAfterEach && draft.lines.length === 0) pieces.push(end, Buffer.from('  '), end)
  if (draft.mark) pieces.unshift(Buffer.from('\ufeff'))
  const plain = Buffer.concat(pieces)
  if (!draft.gzip) return plain
  const packed = gzipSync(plain)
  return draft.gzip === 'cut' ? packed.subarray(0, packed.length - cutBytes) : packed
}

const expectationOf = (drafts: readonly Draft[]): SampleExpectation => {
  const accepted: SampleExpectation['accepted'][number][] = []
  const attributed: SampleRecord[] = []
  const rejections: SampleExpectation['rejections'][number][] = []
  const dispositions: Record<string, number> = { unrouted: 1 }
  for (const draft of drafts) {
    const readable = draft.gzip === 'cut' ? [] : draft.lines
    for (const [record, { bytes, outcome }] of readable.entries()) {
      const line = 1 + record * (draft.blankAfterEach ? 2 : 1)
      const hash = createHash('sha256').update(bytes).digest('hex')
      const place = { key: draft.key, record, line, hash }
      if ('row' in outcome) {
        accepted.push({ ...place, eventType: outcome.row })
        if (bytes.includes('/experiment_attributions":[{')) attributed.push(place)
      } else rejections.push({ ...place, reason: outcome.rejected })
    }
    const hasRows = readable.some(({ outcome }) => 'row' in outcome)
    const disposition = draft.gzip === 'cut' ? 'unreadable' : hasRows ? 'rows' : 'empty'
    dispositions[disposition] = (dispositions[disposition] ?? 0) + 1
  }
  const rejectedByReason: Record<string, number> = {}
  for (const { reason } of rejections)
    rejectedByReason[reason] = (rejectedByReason[reason] ?? 0) + 1
  return {
    objects: drafts.length + 1,
    records: accepted.length + rejections.length,
    rows: accepted.length,
    rejected: rejections.length,
    rejectedByReason,
    duplicates: accepted.length - new Set(accepted.map(({ hash }) => hash)).size,
    dispositions,
    accepted,
    attributed,
    rejections,
  }
}
