import { runWorld } from '../world/world.ts'
import type { Lot } from './terms.ts'

/** A process of the fleet: runs the lots it is sent and answers with one World at a time. It ends with its parent. */
const send = (message: unknown): void => void process.send?.(message)

// A fault is told by code and message; of a bug the first frame is enough.
Error.stackTraceLimit = 1

let strays: unknown[] = []
process.on('unhandledRejection', (reason) => strays.push(reason))
// Ctrl-C reaches every process of the terminal; the parent says when it is over.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit())

const runLot = async ({ firstSeed, worlds, terms }: Lot): Promise<void> => {
  const { troubles, leaseMarginMs } = terms
  const options = {
    ...(troubles && { troubles }),
    ...(leaseMarginMs !== undefined && { mutation: { leaseMarginMs } }),
  }
  for (let seed = firstSeed; seed < firstSeed + worlds; seed += 1) {
    const world = await runWorld(seed, options)
    const unhandled = strays.map((reason) => `a rejection was not handled: ${String(reason)}`)
    strays = []
    send({ ...world, violations: [...world.violations, ...unhandled] })
  }
}

process.on('message', (lot: Lot) => {
  void runLot(lot)
})
send('ready')
