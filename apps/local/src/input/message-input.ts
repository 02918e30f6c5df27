import type { MessageAttributeValue } from '@aws-sdk/client-sqs'
import { createReadStream } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { UsageError } from '../usage-error.ts'

/** One message to be sent, and where it comes from. */
export interface InputMessage {
  readonly origin: string
  readonly body: string
  readonly attributes: Record<string, MessageAttributeValue>
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const readAttribute = (name: string, value: unknown): MessageAttributeValue => {
  const { stringValue, binaryValue, dataType } = isObject(value) ? value : {}
  const DataType = typeof dataType === 'string' ? dataType : undefined
  if (typeof stringValue === 'string')
    return { DataType: DataType ?? 'String', StringValue: stringValue }
  const bytes = typeof binaryValue === 'string' ? Buffer.from(binaryValue, 'base64') : undefined
  if (bytes?.toString('base64') === binaryValue && bytes)
    return { DataType: DataType ?? 'Binary', BinaryValue: bytes }
  throw new Error(`attribute ${name} has neither a stringValue nor a binaryValue in base64`)
}

const readMessage = (line: string, origin: string): InputMessage => {
  const parsed: unknown = JSON.parse(line)
  const { body, messageAttributes } = isObject(parsed) ? parsed : {}
  if (typeof body !== 'string' || body === '')
    throw new Error('there is no "body", a text that is not empty, as SQS wants it')
  const attributes = Object.entries(isObject(messageAttributes) ? messageAttributes : {})
  return {
    ...{ origin, body },
    attributes: Object.fromEntries(
      attributes.map(([name, value]) => [name, readAttribute(name, value)]),
    ),
  }
}

/**
 * Messages of files, one a line, spelled as Lambda spells them: `{"body", "messageAttributes": {"name": {"stringValue" or
 * "binaryValue" in base64, "dataType"}}}`. What else a line has is SQS' own and left out. @throws UsageError that names the line.
 */
export async function* listMessages(paths: readonly string[]): AsyncGenerator<InputMessage> {
  for (const path of paths) {
    let number = 0
    for await (const line of createInterface({ input: createReadStream(path) })) {
      number += 1
      if (line.trim() === '') continue
      const origin = `${path}:${number}`
      try {
        yield readMessage(line, origin)
      } catch (error) {
        throw new UsageError(`--messages ${origin}: ${(error as Error).message}`)
      }
    }
  }
}

/** Reads all lines before anything is started: a mistake costs nothing then. @throws UsageError */
export const checkMessages = async (paths: readonly string[]): Promise<void> => {
  for (const path of paths)
    await access(path, constants.R_OK).catch(() => {
      throw new UsageError(`--messages ${path}: there is no such file, or it may not be read`)
    })
  const messages = listMessages(paths)
  while (!(await messages.next()).done);
}
