import {
  type Breaker,
  breakerIdOf,
  breakerStateOf,
  type Check,
  type Checker,
  checksOf,
  type Ledger,
  type Route,
} from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { describeFailure } from '@silversmith/flow'

interface BreakerRoom {
  readonly pipeline: string
  readonly targets?: readonly string[] | undefined
  readonly routes?: readonly Route[] | undefined
  readonly ledger: Pick<Ledger, 'read'>
  readonly now: () => number
}

/** Targets and tables that are not called now, with what they said last. */
export const breakerCheckerOf =
  ({ pipeline, targets = [], routes = [], ledger, now }: BreakerRoom): Checker =>
  async (signal) => {
    const tables = datasets
      .filter(({ name }) => routes.some(({ dataset }) => dataset === name))
      .flatMap((dataset) => dataset.tables.map(({ name }) => name))
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
  if (!breaker || breakerStateOf(breaker, now) === 'closed') return []
  const until = new Date(breaker.openUntil ?? now).toISOString()
  return [
    checksOf('breaker', breaker.id).wrong(
      `${breaker.id} failed ${breaker.failures} times and is not called until ${until}: ${breaker.problem ?? 'no reason was kept'}`,
      'mend what it says; it is tried again by itself, and no batch is lost',
    ),
  ]
}
