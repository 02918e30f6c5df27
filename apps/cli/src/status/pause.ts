import type { PauseView, PauseWait } from '@silversmith/flow'
import { pausePipeline, resumePipeline, viewPause } from '@silversmith/flow'
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
  'no event source mapping takes from these queues: are account, region and queue URLs the right ones?'

/** What a dry run tells. */
const describePlan = (view: PauseView): readonly string[] => {
  const count = view.mappings.filter(({ state }) => state !== 'disabled').length
  return [
    layOutRows(intakeRows(view)),
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
        text: (view.mappings.length === 0 ? [noMapping] : describePlan(view)).join('\n'),
        code: view.mappings.length === 0 ? 1 : 0,
      }
    }
    const onWait = (waits: readonly PauseWait[]): void => {
      const [first] = waits
      if (first) progress.show(`waiting: ${describeWait(first, clock.now())}`)
    }
    const until = clock.now() + deadlineMs
    const options = { until, settleMs, onWait, ending: AbortSignal.timeout(deadlineMs) }
    const result = await pausePipeline(deps, options, callOf(surroundings, deadlineMs + viewMs))
    progress.end()
    const { empty, waits, view, handed } = result
    const isNone = view.mappings.length === 0
    const end = empty
      ? 'paused: no mapping is enabled, no function runs, no batch is open. What arrives waits in its queue; silversmith resume --yes goes on'
      : `not empty after ${writeDuration(deadlineMs)}; what comes in waits in its queue since, and this is still under way:`
    const text = [
      ...[layOutRows(intakeRows(view)), ''],
      ...(handed.length > 0 ? [`handed to transform to be applied: ${handed.length}`] : []),
      ...(isNone ? [noMapping] : [end, ...describeWaits(waits, clock.now())]),
      ...(empty || isNone
        ? []
        : ['Run it again to wait on; silversmith resume --yes gives it up and goes on']),
    ]
    const summary = { dryRun, pipeline: deps.pipeline, empty, waits, handed }
    return {
      document: { ...summary, ...documentOf(view) },
      text: text.join('\n'),
      code: empty && !isNone ? 0 : 1,
    }
  })

/** Exit code 1 when a mapping is not enabled at the deadline, or there is none. */
export const runResume = (
  { dryRun, deadlineMs, dir }: CommandOf<'resume'>,
  surroundings: Surroundings,
): Promise<Answer> =>
  atIntake(surroundings, dir, async (deps) => {
    const { clock, progress } = surroundings
    const view = await viewPause(deps, callOf(surroundings, viewMs))
    const off = view.mappings.filter(({ state }) => state !== 'enabled')
    if (view.mappings.length === 0 || dryRun) {
      const text = [
        layOutRows(intakeRows(view)),
        '',
        ...(view.mappings.length === 0
          ? [noMapping]
          : [`would be enabled: ${counted(off.length, 'mapping')}`, undone]),
      ]
      return {
        document: { dryRun, pipeline: deps.pipeline, ...documentOf(view) },
        text: text.join('\n'),
        code: view.mappings.length === 0 ? 1 : 0,
      }
    }
    progress.show('enabling')
    const until = clock.now() + deadlineMs
    const result = await resumePipeline(deps, until, callOf(surroundings, deadlineMs + viewMs))
    progress.end()
    const { resumed, mappings } = result
    const text = [
      layOutRows(intakeRows({ mappings, depths: view.depths })),
      '',
      resumed
        ? `resumed: ${counted(off.length, 'mapping')} enabled, all take messages`
        : `not all are enabled after ${writeDuration(deadlineMs)}; run it again`,
    ]
    return {
      document: { dryRun, pipeline: deps.pipeline, resumed, mappings },
      text: text.join('\n'),
      code: resumed ? 0 : 1,
    }
  })
