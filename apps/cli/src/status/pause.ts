import type { IntakeView, PauseView, PauseWait } from '@silversmith/flow'
import { isUnfed, pausePipeline, resumePipeline, viewIntake, viewPause } from '@silversmith/flow'
import { writeDuration, writeMoment } from '../text/age.ts'
import type { Answer } from '../answer.ts'
import { stateOf } from '../batch/batch-row.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { undone } from '../dry-run.ts'
import { atIntake, functionNameOf, intakeRows } from './intake.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

/** Of batches waited for; `--json` has all. */
const toldMax = 20
const viewMs = 120_000

const describeWait = (wait: PauseWait, now: number): string => {
  switch (wait.kind) {
    case 'unfed':
      return noMapping
    case 'enabled':
      return `somebody enabled the mapping of ${wait.queue}, which feeds ${functionNameOf(wait.functionName)}, while this waited: it gave up. Is a resume under way?`
    case 'unknown-queue':
      return `${wait.queue}, which the settings do not name, fed a function: what it had in work is over ${writeMoment(wait.until, now)} at the latest`
    case 'mapping':
      return `the mapping of ${wait.queue}, which feeds ${functionNameOf(wait.functionName)}, is still on its way to be disabled`
    case 'in-flight':
      return `${counted(wait.messages, 'message')} of ${wait.queue} ${wait.messages === 1 ? 'is' : 'are'} in flight: an invocation is at them, or they failed and are hidden for a while`
    case 'invocation':
      return `an invocation of transform that was begun here, and whose end nobody told, is over ${writeMoment(wait.until, now)} at the latest`
    case 'hand-over':
      return `transform could not be asked to apply what is sealed: ${wait.problem}`
    case 'ledger':
      return `the ledger could not be asked for open batches: ${wait.problem}`
    case 'settling':
      return `all is empty; ${writeDuration(wait.until - now)} more of looking, for counts come late`
    case 'batch': {
      const { id, leaseUntil, problems = {}, state } = wait.batch
      const told = Object.entries(problems).map(([target, problem]) => `${target}: ${problem}`)
      const lease = `its lease ends ${writeMoment(leaseUntil, now)}`
      const why = told.length > 0 ? told.join('; ') : state === 'F' ? lease : 'it is being applied'
      return `batch ${id} is ${stateOf(wait.batch)}: ${why}`
    }
  }
}

const describeWaits = (waits: readonly PauseWait[], now: number): readonly string[] => [
  ...waits.slice(0, toldMax).map((wait) => `  ${describeWait(wait, now)}`),
  ...(waits.length > toldMax ? [`  … and ${waits.length - toldMax} more; --json has all`] : []),
]

const documentOf = ({ mappings, depths, open, unseen }: PauseView): object => ({
  ...{ mappings, queues: depths, open: open.map(({ id }) => id), unseen: unseen ?? null },
})

const noMapping =
  'no event source mapping takes from the objects queue: are account, region and queue URLs the right ones?'

/** What a person may do about batches that stay. */
const keptAdvice =
  'What a target keeps open: mend what it names (silversmith doctor) and run this again. An upgrade it survives: it is applied when the target is back. That would also be after a TRUNCATE, whose table then holds its rows. What a target refuses for ever: silversmith batch reject'

/** What a dry run tells. */
const describePlan = (view: PauseView, now: number): readonly string[] => {
  const count = view.mappings.filter(({ state }) => state !== 'disabled').length
  return [
    layOutRows(intakeRows(view, now)),
    '',
    view.unseen ?? `open batches: ${view.open.length}`,
    `would be disabled: ${counted(count, 'mapping')}`,
    undone,
  ]
}

/** Exit code 1 when something is under way at the deadline, or there is nothing to pause. */
export const runPause = (
  { dryRun, deadlineMs, dir }: CommandOf<'pause'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atIntake(surroundings, dir, async ({ settleMs, ...deps }) => {
    const { clock, progress } = surroundings
    if (dryRun) {
      const view = await viewPause(deps, callOf(surroundings, viewMs))
      return {
        document: { dryRun, pipeline: deps.pipeline, ...documentOf(view) },
        text: (isUnfed(view) ? [noMapping] : describePlan(view, clock.now())).join('\n'),
        code: isUnfed(view) ? 1 : 0,
      }
    }
    const onWait = (waits: readonly PauseWait[]): void => {
      const [first] = waits
      if (first) progress.show(`waiting: ${describeWait(first, clock.now())}`)
    }
    const begunAt = clock.now()
    const until = begunAt + deadlineMs
    const options = { until, settleMs, onWait, ending: AbortSignal.timeout(deadlineMs) }
    const result = await pausePipeline(deps, options, callOf(surroundings, deadlineMs + viewMs))
    progress.end()
    const { empty, waits, view, handed } = result
    const now = clock.now()
    const isKept = waits.some(
      (wait) => wait.kind === 'batch' && Object.keys(wait.batch.problems ?? {}).length > 0,
    )
    const end = empty
      ? 'paused: no mapping is enabled, no function runs, no batch is open. What arrives waits in its queue; silversmith resume --yes goes on'
      : `not empty after ${writeDuration(now - begunAt)}; what comes in waits in its queue since, and this is still under way:`
    const text = [
      ...[layOutRows(intakeRows(view, now)), ''],
      ...(handed.length > 0 ? [`handed to transform to be applied: ${handed.length}`] : []),
      ...(isUnfed(view) ? [noMapping] : [end, ...describeWaits(waits, now)]),
      ...(isKept ? [keptAdvice] : []),
      ...(empty || isUnfed(view)
        ? []
        : ['Run it again to wait on; silversmith resume --yes gives it up and goes on']),
    ]
    const summary = { dryRun, pipeline: deps.pipeline, empty, waits, handed }
    return {
      document: { ...summary, ...documentOf(view) },
      text: text.join('\n'),
      code: empty ? 0 : 1,
    }
  })

/** Exit code 1 when a mapping is not enabled at the deadline, or there is none. */
export const runResume = (
  { dryRun, deadlineMs, dir }: CommandOf<'resume'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atIntake(surroundings, dir, async (deps) => {
    const { clock, progress } = surroundings
    const before = await viewIntake(deps, callOf(surroundings, viewMs))
    const off = before.mappings.filter(({ state }) => state !== 'enabled').length
    const tell = (
      { mappings, depths }: IntakeView,
      end: string,
      code: 0 | 1,
      own = {},
    ): Answer => ({
      document: { dryRun, pipeline: deps.pipeline, ...own, mappings, queues: depths },
      text: [layOutRows(intakeRows({ mappings, depths }, clock.now())), '', end].join('\n'),
      code,
    })
    if (isUnfed(before)) return tell(before, noMapping, 1)
    if (dryRun) return tell(before, `would be enabled: ${counted(off, 'mapping')}\n${undone}`, 0)
    progress.show('enabling')
    const until = clock.now() + deadlineMs
    const after = await resumePipeline(deps, until, callOf(surroundings, deadlineMs + viewMs))
    progress.end()
    const { resumed } = after
    const end = resumed
      ? `resumed: ${counted(off, 'mapping')} enabled, all take messages`
      : `not all are enabled after ${writeDuration(deadlineMs)}; run it again`
    return tell(after, end, resumed ? 0 : 1, { resumed })
  })
