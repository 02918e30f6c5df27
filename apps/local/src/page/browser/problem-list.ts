import type { Applied, Problem, Tick } from '../tick.ts'
import { find, make } from './element.ts'
import { timeText } from './number.ts'

const shownMax = 20

const describeRest = ([target, { rest }]: readonly [string, Applied], now: number): string[] => {
  if (!rest) return []
  const what = rest.table === undefined ? target : `${target}, table ${rest.table},`
  const until = rest.until > now ? `rests until ${timeText(rest.until)}` : 'is tried again now'
  return [`${what} ${until}: ${rest.problem}`]
}

/** Targets that rest, then what went wrong, the newest first. */
export const createProblemList = () => {
  const list = find('#problems')
  const rests = find('#rests')
  const none = make('li', 'None.', 'detail')
  list.append(none)
  let shown = ''
  const addAll = (problems: readonly Problem[]): void => {
    for (const { at, text } of problems) {
      const item = make('li')
      item.append(make('time', timeText(at)), make('span', text))
      list.prepend(item)
    }
    while (list.childElementCount > shownMax + 1) none.previousElementSibling?.remove()
  }
  const showRests = ({ applied, point }: Tick): void => {
    const texts = Object.entries(applied).flatMap((one) => describeRest(one, point.at))
    none.hidden = list.childElementCount > 1 || texts.length > 0
    if (texts.join('\n') === shown) return
    shown = texts.join('\n')
    rests.replaceChildren(...texts.map((text) => make('li', text)))
  }
  return { addAll, showRests }
}
