import { linesOf, statementsDay } from '../statements.ts'

export interface MadeObject {
  readonly key: string
  readonly body: Buffer
}

export interface MadeObjectsOptions {
  /** 1.1 KB each. */
  readonly statementsPerObject: number
  /** An object is of one day, the next object of the next day, and so on, again and again. */
  readonly days: number
  /** Part of every key, so that objects of two loads differ. */
  readonly name: string
}

/** Different statements; after these they come again, in other objects. */
const statementsMax = 3_000
const dayMs = 86_400_000
const categories = ['video', 'page_viewed', 'attempt_evaluated'] as const

/** Objects of accepted statements without end, always the same, with a key of its own each. */
export const makeObjects = function* (options: MadeObjectsOptions): Generator<MadeObject, never> {
  const { statementsPerObject, days, name } = options
  const statements = [...linesOf(statementsMax)]
  let next = 0
  for (let n = 0; ; n += 1) {
    const day = new Date(Date.parse(statementsDay) + (n % days) * dayMs).toISOString().slice(0, 10)
    const lines = Array.from({ length: statementsPerObject }, () =>
      (statements[next++ % statements.length] ?? '').replaceAll(statementsDay, day),
    )
    const category = categories[n % categories.length]
    const key = `section/4${String(n % 40).padStart(3, '0')}/${category}/${day}_${name}_${String(n).padStart(9, '0')}.jsonl`
    yield { key, body: Buffer.from(`${lines.join('\n')}\n`) }
  }
}
