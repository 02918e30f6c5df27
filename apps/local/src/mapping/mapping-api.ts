import type { ServerResponse } from 'node:http'
import { readPayload, refuse } from '../lambda/invoke-api.ts'
import type { Responder } from '../lambda/invoke-api.ts'
import { region } from '../lambda/invocation.ts'
import type { Mapping } from './event-source-mapping.ts'

/** A mapping as the API of Lambda tells it. */
export interface NamedMapping {
  readonly id: string
  readonly functionName: string
  readonly queueArn: string
  readonly mapping: Pick<Mapping, 'state' | 'turn'>
}

const route = /^\/2015-03-31\/event-source-mappings\/?([^/?]*)$/

const arnOf = ({ functionName }: NamedMapping): string =>
  `arn:aws:lambda:${region}:000000000000:function:${functionName}`

const documentOf = (named: NamedMapping): object => {
  const { id, queueArn, mapping } = named
  const { state, changedAt } = mapping.state()
  return {
    ...{ UUID: id, EventSourceArn: queueArn, State: state, LastModified: changedAt / 1000 },
    FunctionArn: arnOf(named),
    StateTransitionReason: 'USER_INITIATED',
  }
}

const answer = (response: ServerResponse, status: number, document: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(document))
}

/** Undefined: it does not say whether the mapping is to be enabled. */
const readEnabled = (payload: string | undefined): boolean | undefined => {
  try {
    const { Enabled } = JSON.parse(payload ?? '') as { readonly Enabled?: unknown }
    return typeof Enabled === 'boolean' ? Enabled : undefined
  } catch {
    return undefined
  }
}

/**
 * Of Lambda's API for event source mappings what pauses and resumes: List, Get, and Update with `Enabled` alone.
 * https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
 */
export const createMappingApi =
  (list: () => readonly NamedMapping[]): Responder =>
  async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://local')
    const [matched, id = ''] = route.exec(url.pathname) ?? []
    if (matched === undefined) return false
    if (id === '' && request.method === 'GET') {
      const queueArn = url.searchParams.get('EventSourceArn')
      const feeds = url.searchParams.get('FunctionName')
      const own = list()
        .filter((one) => queueArn === null || one.queueArn === queueArn)
        .filter((one) => [null, one.functionName, arnOf(one)].includes(feeds))
      answer(response, 200, { EventSourceMappings: own.map(documentOf) })
      return true
    }
    const found = list().find((one) => one.id === decodeURIComponent(id))
    if (!found) refuse(response, 404, 'ResourceNotFoundException', `no event source mapping ${id}`)
    else if (request.method === 'GET') answer(response, 200, documentOf(found))
    else if (request.method === 'PUT') {
      const isOn = readEnabled(await readPayload(request))
      if (isOn === undefined) {
        refuse(response, 400, 'InvalidParameterValueException', 'only Enabled can be changed here')
      } else {
        found.mapping.turn(isOn)
        answer(response, 202, documentOf(found))
      }
    } else refuse(response, 405, 'InvalidParameterValueException', `no ${request.method} here`)
    return true
  }
