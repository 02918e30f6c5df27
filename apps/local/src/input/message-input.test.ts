import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { InputMessage } from './message-input.ts'
import { checkMessages, listMessages } from './message-input.ts'
import { UsageError } from '../usage-error.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'silversmith-messages-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const fileOf = async (...lines: readonly string[]): Promise<string> => {
  const path = join(dir, 'messages.jsonl')
  await writeFile(path, lines.join('\n'))
  return path
}

it('reads messages as Lambda spells them, binary values as the bytes they are', async () => {
  const attributes = {
    text: { stringValue: 'ø', dataType: 'String.own', stringListValues: [] },
    bytes: { binaryValue: 'AAH/', dataType: 'Binary' },
    short: { stringValue: '' },
  }
  const path = await fileOf(
    JSON.stringify({ messageId: 'not ours', body: '{"a":1}', messageAttributes: attributes }),
    '',
    '{"body":"no JSON"}',
  )
  const messages: InputMessage[] = []
  for await (const message of listMessages([path])) messages.push(message)
  expect(messages).toEqual([
    {
      ...{ origin: `${path}:1`, body: '{"a":1}' },
      attributes: {
        text: { DataType: 'String.own', StringValue: 'ø' },
        bytes: { DataType: 'Binary', BinaryValue: Buffer.from([0, 1, 255]) },
        short: { DataType: 'String', StringValue: '' },
      },
    },
    { origin: `${path}:3`, body: 'no JSON', attributes: {} },
  ])
})

it.each([
  ['no JSON', '{', /:2: /],
  ['no body', '{"messageAttributes":{}}', /:2: there is no "body"/],
  ['an empty body', '{"body":""}', /:2: there is no "body"/],
  [
    'bytes that are no base64',
    '{"body":"b","messageAttributes":{"x":{"binaryValue":"?"}}}',
    /:2: attribute x has neither/,
  ],
  ['an attribute that is none', '{"body":"b","messageAttributes":{"x":7}}', /:2: attribute x/],
])('refuses a file whose line has %s before anything is sent', async (_, line, reason) => {
  const checked = checkMessages([await fileOf('{"body":"good"}', line)])
  await expect(checked).rejects.toThrow(reason)
  await expect(checked).rejects.toThrow(UsageError)
})

it('refuses a file that is not there', async () => {
  await expect(checkMessages([join(dir, 'none')])).rejects.toThrow(/there is no such file/)
})
