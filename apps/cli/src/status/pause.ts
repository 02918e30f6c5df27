import type { IntakeView, PauseView, PauseWait } from '@silversmith/flow'
import { isUnfed, pausePipeline, resumePipeline, viewIntake, viewPause } from '@silversmith/flow'
import { writeDuration } from '../text/age.ts'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { undone } from '../dry-run.ts'
import { atIntake, intakeRows } from './intake.ts'
import { describePause, describePlan, describeWait, noMapping } from './pause-text.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

const viewMs = 120_000

const documentOf = ({ mappings, depths, open, unseen }: PauseView): object => ({
  ...{ mappings, queues: depths, open: open.map(({ id }) => id), unseen: unseen ?? null },
})

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
        text: describePlan(view, clock.now()),
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
    const summary = { dryRun, pipeline: deps.pipeline, empty, waits, handed }
    return {
      document: { ...summary, ...documentOf(view) },
      text: describePause(result, begunAt, clock.now()),
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
