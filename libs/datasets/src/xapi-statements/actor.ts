import { isAbsent, isObject, type JsonObject } from '../json.ts'
import { readText } from '../read.ts'

export const agentKinds = ['Agent', 'Group'] as const

/** Properties that say who an agent or group is; it should have one. */
const identifiers = ['mbox', 'mbox_sha1sum', 'openid', 'account'] as const

export const identifiersOf = (agent: JsonObject): number => {
  let found = 0
  for (const name of identifiers) if (!isAbsent(agent[name])) found += 1
  return found
}

/**
 * The one identifier an xAPI agent or group has, as `<kind>::<value>`: `mbox::mailto:a@example.org`, `mbox_sha1sum::…`,
 * `openid::…`, `account::<name>@<home page>`. Undefined for an anonymous group and anything else.
 */
export const agentIdOf = (agent: unknown): string | undefined => {
  if (!isObject(agent)) return undefined
  for (const name of identifiers) {
    const value = agent[name]
    const id = name === 'account' ? accountIdOf(value) : value
    if (typeof id === 'string' && id.isWellFormed()) return `${name}::${id}`
  }
  return undefined
}

const accountIdOf = (account: unknown): string | undefined => {
  if (!isObject(account)) return undefined
  const { name, homePage } = account
  if (typeof homePage !== 'string' || (typeof name !== 'string' && typeof name !== 'number'))
    return undefined
  const text = readText(name)
  return text === undefined ? undefined : `${text}@${homePage}`
}
