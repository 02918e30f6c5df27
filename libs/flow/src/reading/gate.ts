/** Lets so many in at a time; the others wait in their order. */
export interface Gate {
  /** Resolves once there is room. Whoever is in calls what it gives, once, to leave. */
  enter(): Promise<() => void>
}

export const createGate = (max: number): Gate => {
  const waiting: (() => void)[] = []
  let inside = 0

  const leave = (): void => {
    const next = waiting.shift()
    if (next) next()
    else inside -= 1
  }

  return {
    enter: async () => {
      if (inside < max) inside += 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      return leave
    },
  }
}
