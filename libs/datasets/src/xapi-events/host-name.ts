const hostPattern = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/

/**
 * Lower-case host of a URL (`https://torus.example.edu/…`) or of a bare address (`torus.example.edu/page/7`), without user
 * and port. Undefined when there is none: a bare word is a host only with a dot in it, or as `localhost`.
 */
export const hostOf = (address: string): string | undefined => {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(address.trim())
  const [authority = ''] = address
    .trim()
    .slice(scheme?.[0].length ?? 0)
    .split(/[/?#]/, 1)
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .toLowerCase()
  if (!hostPattern.test(host)) return undefined
  return scheme || host.includes('.') || host === 'localhost' ? host : undefined
}
