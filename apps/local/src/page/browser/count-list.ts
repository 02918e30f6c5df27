import { find, make } from './element.ts'
import { countText } from './number.ts'

const shownMax = 8

/** Names with their counts and bars beside them, the largest first. */
export const createCountList = (selector: string) => {
  const list = find(selector)
  let shown: string | undefined
  return (counts: Readonly<Record<string, number>>): void => {
    const sorted = Object.entries(counts).toSorted(([, a], [, b]) => b - a)
    const text = JSON.stringify(sorted)
    if (text === shown) return
    shown = text
    const most = sorted[0]?.[1] ?? 0
    const itemOf = ([name, count]: readonly [string, number]): HTMLElement => {
      const item = make('li')
      item.append(make('span', name), make('b', countText(count)))
      item.style.setProperty('--share', `${(100 * count) / most}%`)
      return item
    }
    const left = sorted.length - shownMax
    list.replaceChildren(
      ...sorted.slice(0, shownMax).map(itemOf),
      ...(sorted.length === 0 ? [make('li', 'Nothing was rejected.', 'detail')] : []),
      ...(left > 0 ? [make('li', `and ${left} more`, 'detail')] : []),
    )
  }
}
