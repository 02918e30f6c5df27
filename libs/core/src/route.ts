/** Which objects belong to which dataset. The first route that accepts a key wins. */
export interface Route {
  readonly prefix: string
  /** Any of these ends the key; none given: every key. */
  readonly suffixes: readonly string[]
  readonly dataset: string
}

/** The dataset of a key, or undefined when no route accepts it (disposition `unrouted`). */
export const routeOf = (routes: readonly Route[], key: string): string | undefined =>
  routes.find(
    ({ prefix, suffixes }) =>
      key.startsWith(prefix) &&
      (suffixes.length === 0 || suffixes.some((suffix) => key.endsWith(suffix))),
  )?.dataset

const charsMax = 1_000

/** For people: `section/*.jsonl, section/*.jsonl.gz → xapi_events; bronze/shipments/* → shipments`. */
export const describeRoutes = (routes: readonly Route[]): string => {
  const all = routes.map(({ prefix, suffixes, dataset }) => {
    const ends = suffixes.length === 0 ? [''] : suffixes
    return `${ends.map((suffix) => `${prefix}*${suffix}`).join(', ')} → ${dataset}`
  })
  const text = all.join('; ')
  return text.length > charsMax ? `${text.slice(0, charsMax)}…` : text
}
