import { Fault, type Login, type LoginSource } from '@silversmith/core'
import type { ClickHouseSettings } from './settings.ts'

/**
 * As the client for questions sends them. Basic, for a header of its own takes no letters but those of Latin-1, and is read as
 * UTF-8 then.
 */
export const credentialsOf = ({ user, password }: Login): Readonly<Record<string, string>> => {
  if (!user && !password) return {}
  const both = Buffer.from(`${user ?? 'default'}:${password ?? ''}`, 'utf8')
  return { authorization: `Basic ${both.toString('base64')}` }
}

/** Where a secret is named: with what reads it. */
export const withLogin = (
  settings: ClickHouseSettings,
  open: (secretArn: string) => LoginSource,
): ClickHouseSettings =>
  settings.secretArn === undefined ? settings : { ...settings, login: open(settings.secretArn) }

/** Who to be now. A user that the settings name is that user, whoever the secret names. */
export const loginOf = async (
  { user, password, secretArn, login }: ClickHouseSettings,
  signal: AbortSignal,
): Promise<Login> => {
  if (secretArn === undefined)
    return { ...(user !== undefined && { user }), ...(password !== undefined && { password }) }
  if (login === undefined)
    throw new Fault(
      'SETTINGS_INVALID',
      'CLICKHOUSE_SECRET_ARN is for the functions: give CLICKHOUSE_USER and CLICKHOUSE_PASSWORD here',
    )
  return { ...(await login.read(signal)), ...(user !== undefined && { user }) }
}
