import type { PauseResult, PauseView, PauseWait } from '@silversmith/flow'
import { isUnfed } from '@silversmith/flow'
import { stateOf } from '../batch/batch-row.ts'
import { undone } from '../dry-run.ts'
import { writeDuration, writeMoment } from '../text/age.ts'
import { counted } from '../text/counted.ts'
import { layOutRows } from '../text/row-layout.ts'
import { functionNameOf, intakeRows } from './intake.ts'

/** Of batches waited for; `--json` has all. */
const toldMax = 20

export const describeWait = (wait: PauseWait, now: number): string => {
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

export const describeWaits = (waits: readonly PauseWait[], now: number): readonly string[] => [
  ...waits.slice(0, toldMax).map((wait) => `  ${describeWait(wait, now)}`),
  ...(waits.length > toldMax ? [`  … and ${waits.length - toldMax} more; --json has all`] : []),
]

export const noMapping =
  'no event source mapping takes from the objects queue: are account, region and queue URLs the right ones?'

/** What a person may do about batches that stay. */
const keptAdvice =
  'What a target keeps open: mend what it names (silversmith doctor) and run this again. An upgrade it survives: it is applied when the target is back. That would also be after a TRUNCATE, whose table then holds its rows. What a target refuses for ever: silversmith batch reject'

/** What a dry run tells. */
export const describePlan = (view: PauseView, now: number): string => {
  if (isUnfed(view)) return noMapping
  const count = view.mappings.filter(({ state }) => state !== 'disabled').length
  return [
    layOutRows(intakeRows(view, now)),
    '',
    view.unseen ?? `open batches: ${view.open.length}`,
    `would be disabled: ${counted(count, 'mapping')}`,
    undone,
  ].join('\n')
}

/** How a pause ended, and what a person does now. */
export const describePause = (
  { empty, waits, view, handed }: PauseResult,
  begunAt: number,
  now: number,
): string => {
  if (isUnfed(view)) return noMapping
  const isGivenUp = waits.some(({ kind }) => kind === 'enabled')
  const isKept = waits.some(
    (wait) => wait.kind === 'batch' && Object.keys(wait.batch.problems ?? {}).length > 0,
  )
  const waited = `after ${writeDuration(now - begunAt)}`
  const end = isGivenUp
    ? [`given up ${waited}:`, ...describeWaits(waits, now)]
    : [
        `not empty ${waited}; what comes in waits in its queue since, and this is still under way:`,
        ...describeWaits(waits, now),
        ...(isKept ? [keptAdvice] : []),
        'Run it again to wait on; silversmith resume --yes gives it up and goes on',
      ]
  const paused =
    'paused: no mapping is enabled, no function runs, no batch is open. What arrives waits in its queue; silversmith resume --yes goes on'
  return [
    ...[layOutRows(intakeRows(view, now)), ''],
    ...(handed.length > 0 ? [`handed to transform to be applied: ${handed.length}`] : []),
    ...(empty ? [paused] : end),
  ].join('\n')
}
