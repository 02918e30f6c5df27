import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { Fault, type Login, type LoginSource } from '@silversmith/core'
import { withinTime } from './back-off.ts'
import type { AwsSettings } from './clients.ts'
import { clientSettingsOf } from './clients.ts'
import { faultOf } from './vendor-fault.ts'

export interface SecretLoginSettings {
  readonly client: SecretsManagerClient
  readonly arn: string
  /** Epoch ms. */
  readonly now?: () => number
  /** How long one is used without asking again. */
  readonly maxAgeMs?: number
  /** One call in all, the SDK's retries included. */
  readonly callTimeoutMs?: number
}

/** `endpoint`: another than that of the region; `AWS_ENDPOINT_URL_SECRETS_MANAGER` says so as well. */
export const createSecretsClient = (settings: AwsSettings, endpoint?: string) =>
  new SecretsManagerClient({ ...clientSettingsOf(settings), ...(endpoint && { endpoint }) })

/**
 * The login that a secret of Secrets Manager holds: JSON with `username` or `user`, and `password`; or the password alone. A
 * rotated one is known after `maxAgeMs`, or as soon as the target refused the old one. While Secrets Manager does not answer,
 * the login that worked goes on to be used.
 */
export const createSecretLogin = ({
  client,
  arn,
  now = Date.now,
  maxAgeMs = 300_000,
  callTimeoutMs = 10_000,
}: SecretLoginSettings): LoginSource => {
  let kept: { readonly login: Login; readonly at: number } | undefined
  const ask = async (signal: AbortSignal): Promise<Login> => {
    const command = new GetSecretValueCommand({ SecretId: arn })
    try {
      const { SecretString } = await client.send(command, {
        abortSignal: withinTime(signal, callTimeoutMs),
      })
      return readLogin(SecretString, arn)
    } catch (error) {
      if (error instanceof Fault) throw error
      throw faultOf('secret', error, `reading the secret ${arn}`, signal)
    }
  }
  return {
    read: async (signal) => {
      const last = kept
      if (last && now() - last.at < maxAgeMs) return last.login
      try {
        const login = await ask(signal)
        kept = { login, at: now() }
        return login
      } catch (error) {
        if (last) return last.login
        throw error
      }
    },
    forget: () => (kept = undefined),
  }
}

const readLogin = (text: string | undefined, arn: string): Login => {
  const { username, user = username, password } = parse(text ?? '')
  if (typeof password === 'string' && password !== '' && (user === undefined || isText(user)))
    return { password, ...(user !== undefined && { user }) }
  throw new Fault(
    'TARGET_DENIED',
    `the secret ${arn} holds no password: give it {"username": …, "password": …}, or the password as text`,
  )
}

const isText = (value: unknown): value is string => typeof value === 'string'

const parse = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>
  } catch {
    // A password may be any text.
  }
  return { password: text }
}
