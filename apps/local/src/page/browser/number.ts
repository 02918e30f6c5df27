const gap = '\u202f'

/** `12 345` */
export const countText = (count: number): string =>
  Math.round(count).toLocaleString('en-US').replaceAll(',', gap)

/** Below ten with a decimal, where it says something. */
export const rateText = (rate: number): string =>
  rate > 0 && rate < 10 ? rate.toFixed(1) : countText(rate)

export const bytesText = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let size = bytes
  let unit = 0
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000
  return `${unit === 0 ? size : size.toFixed(1)}${gap}${units[unit]}`
}

/** `840 ms`, `2.4 s`, `3 min`, `5 h`, `2 d` */
export const durationText = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)}${gap}ms`
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)}${gap}s`
  const minutes = ms / 60_000
  if (minutes < 120) return `${Math.round(minutes)}${gap}min`
  const hours = minutes / 60
  return hours < 48 ? `${Math.round(hours)}${gap}h` : `${countText(hours / 24)}${gap}d`
}

export const plural = (count: number, noun: string, nouns = `${noun}s`): string =>
  `${countText(count)} ${count === 1 ? noun : nouns}`

export const timeText = (at: number): string => new Date(at).toLocaleTimeString('en-GB')
