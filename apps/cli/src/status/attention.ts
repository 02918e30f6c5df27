import { placeOf } from './status-text.ts'
import type { Status } from './status.ts'

/** What a person should do something about, with the command. */
export const attentionOf = ({
  queues,
  open,
  breakers,
}: Pick<Status, 'queues' | 'open' | 'breakers'>): readonly string[] => {
  const off = queues.filter(({ mappings = [] }) =>
    mappings.some(({ state }) => state !== 'enabled'),
  )
  const unfed = queues.filter(({ mappings }) => mappings?.length === 0)
  const dead = queues.reduce((sum, queue) => sum + (queue.dead ?? 0), 0)
  const failing = open?.work.find(({ state }) => state === 'failing')?.batches ?? 0
  const forced = (breakers ?? []).filter(({ state }) => state !== 'closed')
  return [
    ...(off.length > 0
      ? [
          `paused: nothing takes from ${off.map(({ queue }) => queue).join(', ')}; silversmith resume --yes ends that`,
        ]
      : []),
    ...unfed.map(
      ({ queue }) => `no event source mapping takes from ${queue}: is its URL the right one?`,
    ),
    ...(dead > 0 ? [`dead letters: about ${dead}; silversmith dlq list says why`] : []),
    ...(failing > 0
      ? [
          `batches that could not be applied: ${failing}; silversmith batch list --state failing has each`,
        ]
      : []),
    ...forced.map(
      ({ target, table, problem = '' }) =>
        `${placeOf({ target, table })} is not called: ${problem}`,
    ),
  ]
}
