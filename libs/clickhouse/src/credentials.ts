import type { ClickHouseSettings } from './settings.ts'

/**
 * As the client for questions sends them. Basic, for a header of its own takes no letters but those of Latin-1, and is read as
 * UTF-8 then.
 */
export const credentialsOf = ({
  user,
  password,
}: Pick<ClickHouseSettings, 'user' | 'password'>): Readonly<Record<string, string>> => {
  if (!user && !password) return {}
  const both = Buffer.from(`${user ?? 'default'}:${password ?? ''}`, 'utf8')
  return { authorization: `Basic ${both.toString('base64')}` }
}
