/** Whether the call at which a process dies still has its effect. */
export type Fate = 'before' | 'after'

/** Which call: its number, from 1, or what is called with what. */
export type DeathPlace = number | ((method: string, args: readonly unknown[]) => boolean)

/** A process that may die at one of its calls to a port. After that none of its calls has an effect, and none ever answers. */
export interface MortalProcess {
  wrap<Port extends object>(port: Port): Port
  /** What the work gives; undefined when the process died of it. */
  run<Result>(work: () => Promise<Result>): Promise<Result | undefined>
  /** Calls that were made. */
  calls(): number
}

const never = new Promise<never>(() => undefined)

const silence: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => never }),
}

/** Dies at the first call that is meant; with none it lives. */
export const createMortalProcess = (at?: DeathPlace, fate: Fate = 'before'): MortalProcess => {
  let count = 0
  let isDead = false
  let die: () => void = () => undefined
  const death = new Promise<undefined>((resolve) => {
    die = () => {
      isDead = true
      resolve(undefined)
    }
  })
  const call = (
    name: string,
    method: (...args: unknown[]) => unknown,
    self: object,
    args: unknown[],
  ) => {
    if (isDead) return never
    count += 1
    if (typeof at === 'function' ? !at(name, args) : count !== at) return method.apply(self, args)
    const result = fate === 'after' ? method.apply(self, args) : undefined
    if (!(result instanceof Promise)) {
      die()
      return typeof result === 'object' && result !== null ? silence : never
    }
    return result.then(
      () => (die(), never),
      () => (die(), never),
    )
  }
  return {
    wrap: (port) =>
      new Proxy(port, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name)
          if (typeof member !== 'function') return member
          const method = member as (...args: unknown[]) => unknown
          return (...args: unknown[]) => call(String(name), method, target, args)
        },
      }),
    run: (work) => Promise.race([work(), death]),
    calls: () => count,
  }
}
