import { isObject } from '../json.ts'
import { isRounded } from '../rounded-number.ts'

const identifiers = ['mbox', 'mbox_sha1sum', 'openid'] as const

/**
 * The one identifier an xAPI agent or group has, as `<kind>::<value>`: `mbox::mailto:a@example.org`, `mbox_sha1sum::…`,
 * `openid::…`, `account::<name>@<home page>`. Undefined for an anonymous group and anything else.
 */
export const agentIdOf = (agent: unknown): string | undefined => {
  if (!isObject(agent)) return undefined
  const kind = identifiers.find((name) => typeof agent[name] === 'string')
  if (kind) return `${kind}::${String(agent[kind])}`
  const account = agent['account']
  if (!isObject(account)) return undefined
  const { name, homePage } = account
  return (typeof name === 'string' || (typeof name === 'number' && !isRounded(name))) &&
    typeof homePage === 'string'
    ? `account::${name}@${homePage}`
    : undefined
}
