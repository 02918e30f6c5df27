const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** `3 d`, `12 h`, `5 min`, `0 s`: the largest unit that fits. */
export const writeDuration = (ms: number): string => {
  const [unit, size] = units.find(([, one]) => Math.abs(ms) >= one) ?? units[3]
  return `${Math.trunc(ms / size)} ${unit}`
}

/** `5 min ago`, `in 2 h`, `now`. */
export const writeMoment = (at: number, now: number): string => {
  if (Math.abs(at - now) < 1_000) return 'now'
  return at > now ? `in ${writeDuration(at - now)}` : `${writeDuration(now - at)} ago`
}

export const writeTime = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`
