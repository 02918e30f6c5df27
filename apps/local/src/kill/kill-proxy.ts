import { createServer, request as sendRequest } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { finished, pipeline } from 'node:stream/promises'
import { createDeferred } from '../lambda/deferred.ts'
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

/** The moment as it was met. */
export interface Met {
  readonly batch: string
  /** Steps of that batch that were answered before, by name. */
  readonly answered: Readonly<Partial<Record<StepName, number>>>
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
  readonly send: () => Promise<void>
}

const bodyBytesMax = 4 * 1024 * 1024

const readWhole = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = []
  let sizeBytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length
    if (sizeBytes > bodyBytesMax) throw new Error(`a body of over ${bodyBytesMax} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** Those between two neighbours are made anew for the next hop. */
const hopHeaders = ['connection', 'keep-alive', 'expect', 'transfer-encoding']

const endToEnd = (headers: NodeJS.Dict<string | string[]>): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.includes(name)))

export const startKillProxy = async (): Promise<KillProxy> => {
  const upstreams = new Map<ServiceName, string>()
  const answered = new Map<string, Partial<Record<StepName, number>>>()
  let armed: Armed | undefined
  let held: Held | undefined

  const open = (service: ServiceName, request: IncomingMessage) => {
    const upstream = upstreams.get(service)
    if (upstream === undefined) throw new Error(`${service} has no upstream yet`)
    const { method } = request
    const sent = sendRequest(new URL(request.url ?? '/', upstream), {
      ...{ method, agent: false, headers: endToEnd(request.headers) },
    })
    const answer = createDeferred<IncomingMessage | undefined>()
    sent.once('response', answer.resolve)
    sent.once('error', () => answer.resolve(undefined))
    return { sent, answer: answer.promise }
  }

  /** Sends a whole request and takes its answer to the end, for nobody. */
  const sendWhole = async (service: ServiceName, request: IncomingMessage, body: Buffer) => {
    const { sent, answer } = open(service, request)
    sent.end(body)
    const response = await answer
    response?.resume()
    if (response) await finished(response).catch(() => undefined)
  }

  const count = ({ name, batch }: Step): void => {
    const counts = answered.get(batch) ?? {}
    answered.set(batch, { ...counts, [name]: (counts[name] ?? 0) + 1 })
  }

  const passOn = async (
    service: ServiceName,
    request: IncomingMessage,
    response: ServerResponse,
    step: Step | undefined,
    whole: Buffer | undefined,
  ): Promise<void> => {
    const { sent, answer } = open(service, request)
    response.once('close', () => {
      if (!response.writableFinished) sent.destroy()
    })
    if (whole) sent.end(whole)
    else await pipeline(request, sent).catch(() => sent.destroy())
    const reply = await answer
    if (!reply) return void response.destroy()
    if (step && reply.statusCode === 200) count(step)
    response.writeHead(reply.statusCode ?? 502, endToEnd(reply.headers))
    await pipeline(reply, response).catch(() => response.destroy())
  }

  /** Sends as much as the moment says, then ends the process. */
  const strike = async (
    { moment, meet }: Armed,
    step: Step,
    service: ServiceName,
    request: IncomingMessage,
    body: Buffer,
  ): Promise<void> => {
    const before = { ...answered.get(step.batch) }
    if (moment.reach === 'answered') await sendWhole(service, request, body)
    if (moment.reach === 'held') held = { step, send: () => sendWhole(service, request, body) }
    if (moment.reach === 'sent') {
      const { sent, answer } = open(service, request)
      void answer.then((reply) => reply?.resume())
      await new Promise<void>((resolve) => sent.once('error', () => resolve()).end(body, resolve))
    }
    if (moment.reach === 'half-sent') {
      const { sent } = open(service, request)
      const half = body.subarray(0, Math.floor(body.length / 2))
      await new Promise<void>((resolve) => void sent.write(half, () => resolve()))
      await moment.kill()
      sent.destroy()
    } else await moment.kill()
    meet({ batch: step.batch, answered: before })
  }

  const take = (step: Step | undefined): Armed | undefined => {
    if (!armed || step?.name !== armed.moment.step) return undefined
    armed.seen += 1
    if (armed.seen < (armed.moment.nth ?? 1)) return undefined
    const taken = armed
    armed = undefined
    return taken
  }

  const handle = async (
    service: ServiceName,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const whole = service === 'dynamodb' ? await readWhole(request) : undefined
    const { method = 'GET', headers } = request
    const url = new URL(request.url ?? '/', 'http://proxy')
    const step = readStep({ service, method, url, headers, body: whole?.toString('utf8') })
    const taken = take(step)
    if (taken && step) {
      const body = whole ?? (await readWhole(request))
      await strike(taken, step, service, request, body).catch(taken.fail)
      return void response.destroy()
    }
    if (held && step?.name === held.step.name && step.batch === held.step.batch) {
      const { send } = held
      held = undefined
      await send()
    }
    await passOn(service, request, response, step, whole)
  }

  const servers: Server[] = []
  const listen = async (service: ServiceName): Promise<string> => {
    const server = createServer({ requestTimeout: 0 }, (request, response) => {
      handle(service, request, response).catch(() => response.destroy())
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const urls = Object.fromEntries(
    await Promise.all(serviceNames.map(async (name) => [name, await listen(name)] as const)),
  ) as Record<ServiceName, string>

  return {
    urls,
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
    close: async () => {
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve())
              server.closeAllConnections()
            }),
        ),
      )
    },
  }
}
