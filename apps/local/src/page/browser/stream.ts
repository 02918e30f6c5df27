import type { Hello, Tick } from '../tick.ts'
import { find, tell } from './element.ts'
import { durationText } from './number.ts'

export interface Listener {
  readonly onHello: (hello: Hello) => void
  readonly onTick: (tick: Tick) => void
}

const staleMs = 5_000
const lookMs = 1_000

/** Hears the server, and shows whether it does. */
export const listen = ({ onHello, onTick }: Listener): void => {
  const news = find('#news')
  const text = find('#news-text')
  let heardAt = performance.now()
  const source = new EventSource('/events')
  const hear =
    <Told>(act: (told: Told) => void) =>
    (event: MessageEvent<string>): void => {
      heardAt = performance.now()
      act(JSON.parse(event.data) as Told)
      look()
    }
  const look = (): void => {
    const silentMs = performance.now() - heardAt
    const isStale = silentMs > staleMs
    news.classList.toggle('wrong', isStale)
    tell(text, isStale ? `no news for ${durationText(Math.floor(silentMs / 1000) * 1000)}` : 'live')
  }
  source.addEventListener('hello', hear(onHello))
  source.addEventListener('tick', hear(onTick))
  setInterval(look, lookMs)
}
