export interface BarChart {
  readonly title: string
  readonly bars: readonly { readonly name: string; readonly value: number; readonly told: string }[]
}

const width = 720
const namesWidth = 210
const toldWidth = 90
const barHeight = 20
const lineHeight = 28
const titleHeight = 44

/** Horizontal bars as SVG, each chart on a scale of its own; the first bar, ours, stands out. */
export const drawCharts = (charts: readonly BarChart[]): string => {
  const heights = charts.map(({ bars }) => titleHeight + bars.length * lineHeight)
  const height = heights.reduce((sum, one) => sum + one, 0) + lineHeight
  const drawn = charts.map((chart, at) =>
    drawChart(
      chart,
      heights.slice(0, at).reduce((sum, one) => sum + one, 0),
    ),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
${drawn.join('\n')}
</svg>
`
}

const drawChart = ({ title, bars }: BarChart, top: number): string => {
  const largest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const scale = (width - namesWidth - toldWidth) / largest
  const lines = bars.map(({ name, value, told }, at) => {
    const y = top + titleHeight + at * lineHeight
    const middle = y + barHeight / 2 + 5
    const long = Math.max(value * scale, 1).toFixed(1)
    return [
      `<text x="${namesWidth - 8}" y="${middle}" text-anchor="end" fill="#222">${escapeText(name)}</text>`,
      `<rect x="${namesWidth}" y="${y}" width="${long}" height="${barHeight}" fill="${at === 0 ? '#2563a8' : '#b4bcc6'}"/>`,
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
