import type { Depth, Work } from '../tick.ts'
import { find, make, tell } from './element.ts'
import { countText, plural } from './number.ts'

/** A box of the diagram: a name, a number, a line of words. */
export interface Node {
  readonly element: HTMLElement
  show(count: number, text: string, isWrong?: boolean): void
}

export const nodeOf = (name: string): Node => {
  const element = find(`[data-node="${name}"]`)
  const number = find('.number', element)
  const detail = find('.detail', element)
  return {
    element,
    show: (count, text, isWrong = false) => {
      tell(number, countText(count))
      tell(detail, text)
      detail.title = text
      element.classList.toggle('wrong', isWrong)
    },
  }
}

/** With a gauge, by the logarithm, full at 100 000. */
export const queueOf = (name: string): ((depth: Depth) => void) => {
  const { element, show } = nodeOf(name)
  const gauge = make('div', '', 'gauge')
  const level = make('div')
  gauge.append(level)
  element.append(gauge)
  return ({ waiting, inFlight, dead }) => {
    const flying = inFlight > 0 ? ` · ${countText(inFlight)} in flight` : ''
    show(waiting, dead > 0 ? plural(dead, 'dead letter') : `waiting${flying}`, dead > 0)
    level.style.width = `${Math.min(100, 20 * Math.log10(1 + waiting + inFlight))}%`
  }
}

/** With a light for each invocation that may run. */
export const functionOf = (name: string): ((count: number, text: string, work: Work) => void) => {
  const { element, show } = nodeOf(name)
  const slots = make('div', '', 'slots')
  slots.role = 'img'
  element.append(slots)
  return (count, text, { running, runningMax, isPaused }) => {
    show(count, isPaused ? 'paused' : text, isPaused)
    while (slots.childElementCount < runningMax) slots.append(make('i'))
    for (const [at, slot] of [...slots.children].entries())
      slot.classList.toggle('busy', at < running)
    slots.title = slots.ariaLabel = `${running} of ${runningMax} run`
  }
}
