import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen, passOn, readBody, sendAway, sendHalf, sendWhole } from './hop.ts'
import { readStep, serviceNames } from './step.ts'
import type { ServiceName, Step, StepName } from './step.ts'

/**
 * How far the request has come when the process dies.
 * `unsent`: nothing of it reached the service. `half-sent`: half of its body did. `sent`: all of it did, what comes of it is
 * not waited for. `answered`: the service did it, the answer is not handed on. `held`: all of it is on its way, and arrives
 * right before the request that repeats it.
 */
export type Reach = 'unsent' | 'half-sent' | 'sent' | 'answered' | 'held'

export interface Moment {
  readonly step: StepName
  readonly reach: Reach
  /** Which of the steps of that name, 1 for the first. */
  readonly nth?: number
  /** Ends the process; resolves when it is gone. */
  kill(): Promise<void>
}

type StepCounts = Readonly<Partial<Record<StepName, number>>>

/** The moment as it was met. */
export interface Met {
  readonly batch: string
  /** Steps of that batch that were done, and told so, before. */
  readonly before: StepCounts
}

/** Stands between a process and its services, and ends the process at one moment of its traffic. */
export interface KillProxy {
  readonly urls: Readonly<Record<ServiceName, string>>
  /** Where requests go from now on. */
  sendTo(service: ServiceName, url: string): void
  /** Waits for the moment, once. Rejects when the signal comes first, or the killing failed. */
  arm(moment: Moment, signal: AbortSignal): Promise<Met>
  close(): Promise<void>
}

interface Armed {
  readonly moment: Moment
  readonly meet: (met: Met) => void
  readonly fail: (reason: unknown) => void
  seen: number
}

interface Held {
  readonly step: Step
  send(): Promise<void>
}

/** Lets the request come as far as the moment says, and ends the process there. */
const strike = async (
  { reach, kill }: Moment,
  upstream: string,
  request: IncomingMessage,
  body: Buffer,
): Promise<void> => {
  if (reach === 'answered') await sendWhole(upstream, request, body)
  if (reach === 'sent') await sendAway(upstream, request, body)
  const cut = reach === 'half-sent' ? await sendHalf(upstream, request, body) : undefined
  await kill()
  cut?.()
}

export const startKillProxy = async (): Promise<KillProxy> => {
  const upstreams = new Map<ServiceName, string>()
  const done = new Map<string, StepCounts>()
  let armed: Armed | undefined
  let held: Held | undefined

  const count = ({ name, batch }: Step): void => {
    const counts = done.get(batch)
    done.set(batch, { ...counts, [name]: (counts?.[name] ?? 0) + 1 })
  }

  const takeArmed = (step: Step): Armed | undefined => {
    if (!armed || step.name !== armed.moment.step) return undefined
    armed.seen += 1
    if (armed.seen < (armed.moment.nth ?? 1)) return undefined
    const taken = armed
    armed = undefined
    return taken
  }

  const takeHeld = (step: Step): Held | undefined => {
    if (step.name !== held?.step.name || step.batch !== held.step.batch) return undefined
    const taken = held
    held = undefined
    return taken
  }

  const handle = async (
    service: ServiceName,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const upstream = upstreams.get(service)
    if (upstream === undefined) throw new Error(`nobody said where ${service} is`)
    const whole = service === 'dynamodb' ? await readBody(request) : undefined
    const { method = 'GET', headers } = request
    const url = new URL(request.url ?? '/', upstream)
    const step = readStep({ service, method, url, headers, body: whole?.toString('utf8') })
    const taken = step && takeArmed(step)
    if (taken) {
      const { moment, meet, fail } = taken
      const before = { ...done.get(step.batch) }
      const body = whole ?? (await readBody(request))
      if (moment.reach === 'held') held = { step, send: () => sendWhole(upstream, request, body) }
      await strike(moment, upstream, request, body).then(
        () => meet({ batch: step.batch, before }),
        fail,
      )
      return void response.destroy()
    }
    if (step) await takeHeld(step)?.send()
    await passOn(upstream, request, response, whole, (status) => {
      if (step && status === 200) count(step)
    })
  }

  const doors = await Promise.all(
    serviceNames.map(async (service) => {
      const door = await listen((request, response) => handle(service, request, response))
      return { service, ...door }
    }),
  )
  const urls = Object.fromEntries(doors.map(({ service, url }) => [service, url]))
  return {
    urls: urls as Record<ServiceName, string>,
    sendTo: (service, url) => void upstreams.set(service, url),
    arm: (moment, signal) =>
      new Promise((meet, fail) => {
        const one: Armed = { moment, meet, fail, seen: 0 }
        armed = one
        signal.addEventListener('abort', () => {
          if (armed === one) armed = undefined
          fail(new Error(`${moment.step} was seen ${one.seen} times: the moment never came`))
        })
      }),
    close: async () => void (await Promise.all(doors.map(({ close }) => close()))),
  }
}
