import type { JobStanding } from '@silversmith/core'
import { objectUri } from '@silversmith/core'
import type { ObjectReplay, ObjectReplaySum } from '@silversmith/flow'
import { undone } from '../dry-run.ts'
import { counted } from '../text/counted.ts'

/** `--json` has all. */
const toldMax = 5

/** What is passed over, after its number; what is new is handed over. */
const meanings: Readonly<Record<Exclude<JobStanding, 'new'>, string>> = {
  loaded: 'loaded before',
  'under-way': 'under way: a batch is at them',
  'set-aside': 'set aside as too large, unreadable or poison: reconcile --enqueue --set-aside',
  unrouted: 'of no route: add one to ROUTES, or let them be',
  stuck: 'cannot be judged: silversmith reconcile says why',
}

const nothingFound = (listed: number): string =>
  listed === 0
    ? '  there is no object below the prefix'
    : '  the window is of when objects were written (Last-Modified); by the dates in their keys: silversmith backfill'

export const describeReplay = (
  { bucket, copiesTo, dryRun, force }: ObjectReplay,
  sum: ObjectReplaySum,
  queue: string | undefined,
): string => {
  const { listed, found, sent, bytes, there, gone, failed, standings, generation, isCut } = sum
  const done = copiesTo === undefined ? `sent to the ${queue} queue` : 'copied'
  const where = copiesTo === undefined ? '' : ` below ${objectUri({ bucket, key: copiesTo })}`
  const isPassedOver = (standing: string): boolean =>
    !force || standing === 'unrouted' || standing === 'stuck'
  const kinds = Object.entries(meanings) as [keyof typeof meanings, string][]
  const left = kinds.filter(([kind]) => (standings[kind] ?? 0) > 0 && isPassedOver(kind))
  return [
    `${dryRun ? 'would be ' : ''}${done}${where}: ${counted(sent, 'object')} with ${counted(bytes, 'byte')}, of ${found} in the window, of ${listed} listed`,
    ...(found === 0 ? [nothingFound(listed)] : []),
    ...left.map(([kind, meaning]) => `  ${standings[kind]} ${meaning}`),
    ...(there > 0 ? [`  ${there} copied before, into the same folder`] : []),
    ...(gone > 0 ? [`  ${gone} deleted or replaced meanwhile`] : []),
    ...(failed.length > 0 ? [`  ${failed.length} failed; the same command tries them again`] : []),
    ...failed.slice(0, toldMax).map(({ url, problem }) => `    ${url}: ${problem}`),
    ...(isCut ? ['the limit was reached: there is more in the window'] : []),
    ...(generation === undefined ? [] : [`their rows are of generation ${generation}`]),
    ...(dryRun ? [undone] : []),
    ...(!dryRun && sent > 0 ? ['silversmith status tells when they are loaded'] : []),
  ].join('\n')
}
