export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const middleX = ({ x, width }: Box): number => x + width / 2
const middleY = ({ y, height }: Box): number => y + height / 2

/** Beside each other: no third box has room between them. */
const neighborGap = 100

const curveAcross = (a: Box, b: Box): string => {
  const isRight = b.x > a.x
  const from = isRight ? a.x + a.width : a.x
  const to = isRight ? b.x : b.x + b.width
  const bend = (from + to) / 2
  return `M${from} ${middleY(a)}C${bend} ${middleY(a)} ${bend} ${middleY(b)} ${to} ${middleY(b)}`
}

const curveDown = (a: Box, b: Box): string => {
  const isBelow = middleY(b) > middleY(a)
  const from = isBelow ? a.y + a.height : a.y
  const to = isBelow ? b.y : b.y + b.height
  const bend = (from + to) / 2
  return `M${middleX(a)} ${from}C${middleX(a)} ${bend} ${middleX(b)} ${bend} ${middleX(b)} ${to}`
}

/** As SVG draws it: from side to side where the boxes stand beside each other, else from the edge below or above. */
export const curveBetween = (a: Box, b: Box): string => {
  const gap = Math.max(b.x - (a.x + a.width), a.x - (b.x + b.width))
  return gap >= 0 && gap < neighborGap ? curveAcross(a, b) : curveDown(a, b)
}
