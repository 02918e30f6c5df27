import {
  type Breaker,
  breakerIdOf,
  breakerStateOf,
  type Check,
  type Checker,
  checksOf,
  type Ledger,
  reloadsTable,
} from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { describeFailure } from '@silversmith/flow'

interface BreakerRoom {
  readonly pipeline: string
  readonly targets?: readonly string[] | undefined
  readonly ledger: Pick<Ledger, 'read'>
  readonly now: () => number
}

/** Targets and tables that are not called now, with what they said last. */
export const breakerCheckerOf =
  ({ pipeline, targets = [], ledger, now }: BreakerRoom): Checker =>
  async (signal) => {
    // Of all datasets: what was sealed outlives its route.
    const tables = [...datasets.flatMap((dataset) => dataset.tables), reloadsTable].map(
      ({ name }) => name,
    )
    const ids = targets.flatMap((target) => [
      breakerIdOf(pipeline, target),
      ...tables.map((table) => breakerIdOf(pipeline, target, table)),
    ])
    const keys = ids.map((id) => ({ kind: 'breaker', id }) as const)
    try {
      const found = await ledger.read(keys, signal)
      const open = found.flatMap((one) => tell(one?.item as Breaker | undefined, now()))
      return open.length > 0 ? open : [checksOf('breaker', pipeline).ok('all targets are called')]
    } catch (error) {
      const { code, message } = describeFailure(error)
      const unread = `the breakers could not be read: ${code}: ${message}`
      return [checksOf('breaker', pipeline).unseen(unread, 'mend what is said of the ledger')]
    }
  }

const tell = (breaker: Breaker | undefined, now: number): readonly Check[] => {
  const state = breakerStateOf(breaker, now)
  if (!breaker || state === 'closed') return []
  const check = checksOf('breaker', breaker.id)
  const until = new Date(breaker.openUntil ?? now).toISOString()
  const failed = `${breaker.id} failed ${breaker.failures} times`
  const why = breaker.problem ?? 'no reason was kept'
  const fix = 'mend what it says; it is tried again by itself, and no batch is lost'
  return [
    state === 'open'
      ? check.wrong(`${failed} and is not called until ${until}: ${why}`, fix)
      : check.warning(`${failed}, and its next call is a probe: ${why}`, fix),
  ]
}
