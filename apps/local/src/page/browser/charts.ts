import type { Point } from '../tick.ts'
import { find, tell } from './element.ts'
import { countText, durationText, rateText } from './number.ts'

interface Chart {
  readonly name: string
  readonly valueOf: (point: Point) => number | undefined
  readonly textOf: (value: number) => string
  /** Batches come in bursts, so each point is the mean of the last ten. */
  readonly isMean?: boolean
  /** Most points have no value: each that has one is a bar. */
  readonly isSparse?: boolean
}

const charts: readonly Chart[] = [
  { name: 'rows', valueOf: ({ rows }) => rows, textOf: rateText, isMean: true },
  { name: 'waiting', valueOf: ({ waiting }) => waiting, textOf: countText },
  { name: 'lag', valueOf: ({ lagMs }) => lagMs, textOf: durationText, isSparse: true },
  { name: 'rejected', valueOf: ({ rejected }) => rejected, textOf: rateText, isMean: true },
]

const height = 100
const meanOf = 10
/** Points that are shown at least, so that the first are not drawn broad. */
const widthMin = 60
const svg = 'http://www.w3.org/2000/svg'

type Values = readonly (number | undefined)[]

const meansOf = (values: Values): Values =>
  values.map((_, at) => {
    const last = values.slice(Math.max(0, at + 1 - meanOf), at + 1)
    return last.reduce<number>((sum, value) => sum + (value ?? 0), 0) / last.length
  })

/** One unit of width for each tick, the newest at the right end. */
const pathOf = (values: Values, most: number, width: number, isSparse: boolean): string => {
  const yOf = (value: number): string =>
    (height - (most === 0 ? 0 : (value / most) * (height - 4))).toFixed(1)
  const first = width - values.length
  if (isSparse)
    return values
      .map((value, at) => (value === undefined ? '' : `M${first + at} ${height}V${yOf(value)}`))
      .join('')
  const line = values.map((value, at) => `L${first + at} ${yOf(value ?? 0)}`).join('')
  return values.length === 0 ? '' : `M${first} ${height}${line}L${width - 1} ${height}Z`
}

const createChart = ({ name, valueOf, textOf, isMean, isSparse = false }: Chart) => {
  const figure = find(`[data-chart="${name}"]`)
  const path = document.createElementNS(svg, 'path')
  const picture = document.createElementNS(svg, 'svg')
  picture.setAttribute('aria-hidden', 'true')
  picture.setAttribute('preserveAspectRatio', 'none')
  picture.classList.toggle('bars', isSparse)
  picture.append(path)
  figure.append(picture)
  const number = find('.number', figure)
  const detail = find('.detail', figure)
  return (points: readonly Point[]): void => {
    const found = points.map(valueOf)
    const values = isMean ? meansOf(found) : found
    const width = Math.max(widthMin, values.length)
    const known = values.filter((value) => value !== undefined)
    const most = Math.max(0, ...known)
    const last = isSparse ? known.at(-1) : values.at(-1)
    tell(number, last === undefined ? '–' : textOf(last))
    tell(detail, known.length === 0 ? 'none yet' : `most ${textOf(most)}`)
    picture.setAttribute('viewBox', `0 0 ${width} ${height}`)
    path.setAttribute('d', pathOf(values, most, width, isSparse))
  }
}

export const createCharts = () => {
  const all = charts.map(createChart)
  return (points: readonly Point[]): void => {
    for (const show of all) show(points)
  }
}
