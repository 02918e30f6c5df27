import { Fault } from '@silversmith/core'
import { expect, test } from 'vitest'
import { type Answer, answerJson, withServer } from './scripted-server.ts'
import { createSecretLogin, createSecretsClient } from './secret-login.ts'

const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:clickhouse-AbCdEf'
const { signal } = new AbortController()

const secrets = async (
  answer: Answer,
  work: (room: {
    readonly login: ReturnType<typeof createSecretLogin>
    readonly asked: () => number
    readonly wait: (ms: number) => void
  }) => Promise<void>,
): Promise<void> =>
  withServer(answer, async ({ url, requests }) => {
    let now = 0
    const client = createSecretsClient(
      {
        region: 'eu-west-1',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        attemptsMax: 1,
      },
      url,
    )
    await work({
      login: createSecretLogin({ client, arn, now: () => now }),
      asked: () => requests.length,
      wait: (ms) => void (now += ms),
    })
    client.destroy()
  })

const holds =
  (...texts: readonly string[]): Answer =>
  ({ n, body }, response) => {
    expect(JSON.parse(body.toString())).toEqual({ SecretId: arn })
    answerJson(response, 200, { ARN: arn, SecretString: texts[Math.min(n, texts.length) - 1] })
  }

const denies: Answer = (_, response) =>
  answerJson(response, 400, { __type: 'AccessDeniedException', message: 'not allowed' })

test.each([
  ['{"username":"writer","password":"p"}', { user: 'writer', password: 'p' }],
  ['{"user":"writer","password":"p","host":"h"}', { user: 'writer', password: 'p' }],
  ['{"password":"p"}', { password: 'p' }],
  ['correct horse', { password: 'correct horse' }],
  ['12345', { password: '12345' }],
])('a secret of %s', async (text, expected) => {
  await secrets(holds(text), async ({ login }) => {
    expect(await login.read(signal)).toEqual(expected)
  })
})

test('is asked for once in a while, and at once when it was refused', async () => {
  await secrets(holds('old', 'new', 'newest'), async ({ login, asked, wait }) => {
    for (let n = 0; n < 3; n += 1) expect(await login.read(signal)).toEqual({ password: 'old' })
    expect(asked()).toBe(1)
    login.forget()
    expect(await login.read(signal)).toEqual({ password: 'new' })
    wait(299_999)
    expect(await login.read(signal)).toEqual({ password: 'new' })
    wait(1)
    expect(await login.read(signal)).toEqual({ password: 'newest' })
    expect(asked()).toBe(3)
  })
})

test('that worked goes on to be used while Secrets Manager does not answer', async () => {
  const once: Answer = (request, response) =>
    (request.n === 1 ? holds('old') : denies)(request, response)
  await secrets(once, async ({ login, wait }) => {
    await login.read(signal)
    wait(300_000)
    expect(await login.read(signal)).toEqual({ password: 'old' })
    login.forget()
    await expect(login.read(signal)).rejects.toMatchObject({ code: 'TARGET_DENIED' })
  })
})

test.each<[string, Answer, RegExp]>([
  ['may not be read', denies, /AccessDenied.*role's policy/],
  ['holds no password', holds('{"username":"writer"}'), /holds no password/],
  ['is empty', holds(''), /holds no password/],
])('that %s is told, and never repeated', async (_, answer, message) => {
  await secrets(answer, async ({ login }) => {
    const error = await login.read(signal).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(Fault)
    expect(error).toMatchObject({
      code: 'TARGET_DENIED',
      message: expect.stringMatching(message),
    })
    expect((error as Fault).message).not.toContain('writer')
  })
})
