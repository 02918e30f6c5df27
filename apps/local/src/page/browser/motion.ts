import type { Box } from './curve.ts'
import { curveBetween } from './curve.ts'
import { find } from './element.ts'

export interface Edge {
  readonly from: string
  readonly to: string
  /** CSS variable: colour of what moves on it. */
  readonly color: string
}

/** Lines between the nodes, and dots that run along them. */
export interface Motion {
  /** What has just moved along an edge: none, and nothing runs there; the more, the closer the dots. */
  show(edge: Edge, count: number): void
}

const svg = 'http://www.w3.org/2000/svg'

/** In steps, so that the dots of one second go on in the next. */
const gapOf = (count: number): number => (count < 10 ? 30 : count < 100 ? 18 : 10)

const makePath = (className: string): SVGPathElement => {
  const path = document.createElementNS(svg, 'path')
  path.setAttribute('class', className)
  return path
}

export const createMotion = (flow: HTMLElement, edges: readonly Edge[]): Motion => {
  const picture = find<SVGElement>('svg', flow)
  const paths = new Map(edges.map((edge) => [edge, [makePath('edge'), makePath('dots')] as const]))
  for (const [{ color }, [line, dots]] of paths) {
    dots.style.stroke = `var(${color})`
    picture.append(line, dots)
  }
  const draw = (): void => {
    const { left, top } = flow.getBoundingClientRect()
    const boxOf = (name: string): Box => {
      const { x, y, width, height } = find(`[data-node="${name}"]`, flow).getBoundingClientRect()
      return { x: x - left, y: y - top, width, height }
    }
    for (const [{ from, to }, both] of paths) {
      const curve = curveBetween(boxOf(from), boxOf(to))
      for (const path of both) path.setAttribute('d', curve)
    }
  }
  new ResizeObserver(draw).observe(flow)
  return {
    show: (edge, count) => {
      const dots = paths.get(edge)?.[1]
      dots?.classList.toggle('moving', count > 0)
      if (count > 0) dots?.style.setProperty('--gap', String(gapOf(count)))
    },
  }
}
