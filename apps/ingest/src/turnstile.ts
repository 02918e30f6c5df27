/** Lets a limited number of works run at a time; the others wait in the order they came. */
export type Turnstile = <Result>(work: () => Promise<Result>) => Promise<Result>

export const createTurnstile = (concurrencyMax: number): Turnstile => {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running < concurrencyMax) running += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
