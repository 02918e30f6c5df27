import type { Job, JobPart, JobState, Ledger, LedgerItem } from '@silversmith/core'
import { readObjectsMessage } from '@silversmith/core'
import { isAsked } from './job-plan.ts'
import type { SliceFile, SliceLine } from './job-slice.ts'
import { isDue, readSliceFile } from './job-slice.ts'
import { pipeline } from './place.ts'

/** What must hold of jobs at every moment, looked at with every effect. */
export interface JobWatch {
  /** A job was written. */
  noteItem(before: LedgerItem | undefined, after: LedgerItem): void
  noteFile(key: string, bytes: Uint8Array): void
  /** A message of the job came to its queue. */
  noteSent(job: string, body: string): void
  /** Sees what one call of the function is told of its job; `mayStart` says whether it may send then. */
  follow(ledger: Ledger): { readonly ledger: Ledger; readonly mayStart: () => boolean }
  /** As last written, by name. */
  readonly jobs: ReadonlyMap<string, Job>
  /** True times. */
  readonly begunAt: ReadonlyMap<string, number>
  readonly doneAt: ReadonlyMap<string, number>
  slicesOf(job: string): readonly SliceFile[]
}

export interface JobWatchOptions {
  readonly now: () => number
  readonly violate: (text: string) => void
}

const moves: Readonly<Record<JobState, readonly JobState[]>> = {
  running: ['running', 'paused', 'cancelled', 'done'],
  paused: ['paused', 'running', 'cancelled'],
  cancelled: ['cancelled'],
  done: ['done'],
}

export const nameOf = ({ id }: Pick<Job, 'id'>): string => id.slice(`${pipeline}/`.length)

export const createJobWatch = ({ now, violate }: JobWatchOptions): JobWatch => {
  const jobs = new Map<string, Job>()
  const begunAt = new Map<string, number>()
  const doneAt = new Map<string, number>()
  /** Place → slice. */
  const slices = new Map<string, SliceFile>()
  /** Job and source → what the slice says of it. */
  const written = new Map<string, SliceLine>()
  const sent = new Set<string>()
  const generations = new Set<number>()

  const judgeStart = (job: Job): void => {
    begunAt.set(nameOf(job), now())
    if (job.state !== 'running') violate(`job ${job.id} began as ${job.state}`)
    const isOwn = job.generation > 0 && !generations.has(job.generation)
    if (job.request.force ? !isOwn : job.generation !== 0)
      violate(`job ${job.id} began with generation ${job.generation}, which is not its own`)
    generations.add(job.generation)
  }
  const judgeMove = (before: Job, after: Job): void => {
    const name = nameOf(after)
    const isReopened = before.parts.some(({ state }) => state === 'failed')
    if (!moves[before.state].includes(after.state) && !(before.state === 'done' && isReopened))
      violate(`job ${name} went from ${before.state} to ${after.state}`)
    if (before.generation !== after.generation)
      violate(`job ${name} went from generation ${before.generation} to ${after.generation}`)
    if (JSON.stringify(before.request) !== JSON.stringify(after.request))
      violate(`job ${name} changed its request`)
    after.parts.forEach((part, at) => judgePart(after, at, before.parts[at] as JobPart, part))
    if (after.state !== 'done') return
    doneAt.set(name, now())
    if (after.parts.some(({ state }) => state === 'open')) violate(`job ${name} is done too early`)
  }
  /** What is behind the checkpoint is sent, and that is known. */
  const judgePart = (job: Job, at: number, before: JobPart, after: JobPart): void => {
    const [name, place] = [nameOf(job), `${nameOf(job)} ${at}-${before.slice}`]
    const isBack =
      after.slice < before.slice || (after.slice === before.slice && after.line < before.line)
    if (isBack) return violate(`job ${place} went back to ${after.slice} line ${after.line}`)
    if (after.counts.sent < before.counts.sent) violate(`job ${place} lost count`)
    if (after.slice === before.slice && after.line === before.line) return
    const slice = slices.get(place)
    if (!slice) return violate(`job ${place} was passed and never written`)
    const isOver = after.slice === before.slice + 1 && after.line === 0
    if (!isOver && after.slice !== before.slice) violate(`job ${place} jumps to ${after.slice}`)
    const passed = slice.lines.slice(before.line, isOver ? undefined : after.line)
    for (const line of passed)
      if (isDue(line, job.request) && !sent.has(`${name} ${line.id} ${job.generation}`))
        violate(`job ${place} was passed, and ${line.object.key} was not sent`)
    const isEnd = slice.next === undefined ? after.state === 'done' : after.from === slice.next
    if (isOver && !isEnd) violate(`job ${place} goes on at another place than the slice says`)
  }
  return {
    ...{ jobs, begunAt, doneAt },
    slicesOf: (job) => [...slices.values()].filter((slice) => slice.job === job),
    noteItem: (before, after) => {
      if (after.kind !== 'job') return
      if (before?.kind === 'job') judgeMove(before, after)
      else judgeStart(after)
      jobs.set(nameOf(after), after)
    },
    noteFile: (key, bytes) => {
      const slice = readSliceFile(key, bytes)
      const place = slice && `${slice.job} ${slice.part}-${slice.n}`
      if (!slice || place === undefined || slices.has(place)) return
      slices.set(place, slice)
      const request = jobs.get(slice.job)?.request
      if (!request) return violate(`slice ${key} was written before its job`)
      for (const line of slice.lines) {
        const name = `${slice.job} ${line.id}`
        if (written.has(name)) violate(`${line.object.key} is in two slices of ${slice.job}`)
        written.set(name, line)
        if (!isAsked(request, line))
          violate(`${line.object.key} is outside of ${slice.job}: ${JSON.stringify(request)}`)
      }
    },
    noteSent: (name, body) => {
      const message = readObjectsMessage(pipeline, body)
      const job = jobs.get(name)
      if (message?.kind !== 'source' || !job) return violate(`job ${name} sent ${body}`)
      const { id, object, generation } = message.source
      if (generation !== job.generation)
        violate(`job ${name} of generation ${job.generation} sent generation ${generation}`)
      sent.add(`${name} ${id} ${generation}`)
      const line = written.get(`${name} ${id}`)
      if (!line) return violate(`job ${name} sent ${object.key} before it wrote that down`)
      if (!isDue(line, job.request)) violate(`job ${name} sent ${object.key}, ${line.standing}`)
    },
    follow: (ledger) => {
      let told: JobState | undefined
      return {
        mayStart: () => told === 'running',
        ledger: {
          ...ledger,
          read: async (keys, signal) => {
            const items = await ledger.read(keys, signal)
            for (const found of items) if (found?.item.kind === 'job') told = found.item.state
            return items
          },
        },
      }
    },
  }
}
