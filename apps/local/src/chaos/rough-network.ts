import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen, passOn, readBody, sendHalf, sendWhole } from '../kill/hop.ts'
import type { Dice } from './dice.ts'

const serviceNames = ['s3', 'sqs', 'dynamodb', 'clickhouse'] as const
export type ServiceName = (typeof serviceNames)[number]

/**
 * What may become of a request. `reset`: nothing of it arrives. `torn`: half of its body does. `unanswered`: it is done, its
 * answer is lost. `late`: its sender loses the connection at once, and it is done seconds later. `slow`: it takes its time.
 */
const fates = ['reset', 'torn', 'unanswered', 'late', 'slow'] as const
export type Fate = (typeof fates)[number]

/** Of each fate. */
const probability = 0.004
const slowMsMax = 1_500
const lateMsMin = 500
const lateMsMax = 4_000

/** Stands between the functions and their services. */
export interface RoughNetwork {
  readonly urls: Readonly<Record<ServiceName, string>>
  /** Where requests go from now on. */
  sendTo(service: ServiceName, url: string): void
  /** Lets everything pass from now on, after the late requests have arrived. */
  calm(): Promise<void>
  counts(): Readonly<Record<Fate, number>>
  close(): Promise<void>
}

export const startRoughNetwork = async (dice: Dice): Promise<RoughNetwork> => {
  const upstreams = new Map<ServiceName, string>()
  const counts: Record<Fate, number> = { reset: 0, torn: 0, unanswered: 0, late: 0, slow: 0 }
  const under = new Set<Promise<unknown>>()
  let isCalm = false

  const drawFate = (): Fate | undefined => {
    if (isCalm || !dice.chance(probability * fates.length)) return undefined
    const fate = dice.pick(fates)
    counts[fate] += 1
    return fate
  }

  const sendLate = async (upstream: string, request: IncomingMessage, body: Buffer) => {
    await sleep(lateMsMin + dice.below(lateMsMax - lateMsMin))
    await sendWhole(upstream, request, body)
  }

  const handle = async (
    service: ServiceName,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const upstream = upstreams.get(service)
    if (upstream === undefined) throw new Error(`nobody said where ${service} is`)
    const fate = drawFate()
    if (fate === 'slow') await sleep(dice.below(slowMsMax))
    if (fate === undefined || fate === 'slow')
      return passOn(upstream, request, response, undefined, () => undefined)
    if (fate !== 'reset') {
      const body = await readBody(request)
      if (fate === 'unanswered') await sendWhole(upstream, request, body)
      if (fate === 'torn') (await sendHalf(upstream, request, body))()
      if (fate === 'late') {
        const work: Promise<unknown> = sendLate(upstream, request, body).finally(() =>
          under.delete(work),
        )
        under.add(work)
      }
    }
    response.destroy()
  }

  const doors = await Promise.all(
    serviceNames.map(async (service) => ({
      service,
      ...(await listen((request, response) => handle(service, request, response))),
    })),
  )
  const urls = Object.fromEntries(doors.map(({ service, url }) => [service, url]))
  return {
    urls: urls as Record<ServiceName, string>,
    sendTo: (service, url) => void upstreams.set(service, url),
    calm: async () => {
      isCalm = true
      await Promise.allSettled(under)
    },
    counts: () => ({ ...counts }),
    close: async () => void (await Promise.all(doors.map(({ close }) => close()))),
  }
}
