/** The one element that the page has for it. */
export const find = <Found extends Element = HTMLElement>(
  selector: string,
  within: ParentNode = document,
): Found => {
  const found = within.querySelector<Found>(selector)
  if (!found) throw new Error(`the page has no ${selector}`)
  return found
}

/** Text only: what comes from files and tables is never markup. */
export const make = <Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text = '',
  className = '',
): HTMLElementTagNameMap[Name] => {
  const made = document.createElement(name)
  if (text !== '') made.textContent = text
  if (className !== '') made.className = className
  return made
}

/** Touches the page only where something changed. */
export const tell = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text
}
