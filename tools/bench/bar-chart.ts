export interface BarChart {
  readonly title: string
  readonly bars: readonly Bar[]
}

interface Bar {
  readonly name: string
  readonly value: number
  readonly told: string
  /** Not of ours: drawn grey, so that ours stand out. */
  readonly isOther?: boolean
}

const width = 720
const namesWidthMin = 210
/** Of sans-serif fonts a wide one. */
const letterWidth = 7.8
const gap = 8
const toldWidth = 90
const barHeight = 20
const lineHeight = 28
const titleHeight = 44

/** Horizontal bars as SVG, each chart on a scale of its own. */
export const drawCharts = (charts: readonly BarChart[]): string => {
  const heights = charts.map(({ bars }) => titleHeight + bars.length * lineHeight)
  const height = heights.reduce((sum, one) => sum + one, 0) + lineHeight
  const namesWidth = namesWidthOf(charts)
  const drawn = charts.map((chart, at) => {
    const top = heights.slice(0, at).reduce((sum, one) => sum + one, 0)
    return drawChart(chart, top, namesWidth)
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
${drawn.join('\n')}
</svg>
`
}

const namesWidthOf = (charts: readonly BarChart[]): number => {
  const longest = Math.max(...charts.flatMap(({ bars }) => bars.map(({ name }) => name.length)), 0)
  return Math.max(namesWidthMin, Math.ceil(longest * letterWidth) + 2 * gap)
}

const drawChart = ({ title, bars }: BarChart, top: number, namesWidth: number): string => {
  const largest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const scale = (width - namesWidth - toldWidth) / largest
  const lines = bars.map(({ name, value, told, isOther = false }, at) => {
    const y = top + titleHeight + at * lineHeight
    const middle = y + barHeight / 2 + 5
    const long = Math.max(value * scale, 1).toFixed(1)
    return [
      `<text x="${namesWidth - gap}" y="${middle}" text-anchor="end" fill="#222">${escapeText(name)}</text>`,
      `<rect x="${namesWidth}" y="${y}" width="${long}" height="${barHeight}" fill="${isOther ? '#b4bcc6' : '#2563a8'}"/>`,
      `<text x="${namesWidth + Number(long) + 6}" y="${middle}" fill="#222">${escapeText(told)}</text>`,
    ].join('\n')
  })
  return [
    `<text x="12" y="${top + 30}" font-weight="bold" fill="#222">${escapeText(title)}</text>`,
    ...lines,
  ].join('\n')
}

const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
