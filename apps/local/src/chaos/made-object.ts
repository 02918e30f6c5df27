import { gzipSync } from 'node:zlib'
import { createDice } from './dice.ts'
import type { Dice } from './dice.ts'

/** One write of one object; a key may be written several times. */
export interface MadeObject {
  readonly key: string
  readonly body: Buffer
}

/** Records of an object: from this many on, below twice as many. */
const recordsMin = 9
/** Keys that a later write may choose again; older ones are left alone. */
const keysRemembered = 200
const chances = { overwrite: 0.12, sameBytes: 0.02, gzip: 0.4, bad: 0.04, equal: 0.08, blank: 0.03 }

const sections = [4021, 4022, 4177, 5003] as const
const categories = ['video', 'page_viewed', 'part_attempt'] as const
const verbs = ['played', 'paused', 'completed', 'viewed'] as const
const names = ['Ålesund', 'équilibre', '日本', 'plain', '🦉'] as const

/** Three months: a batch spreads over some partitions of the table, and over some days, each of which is a file. */
const days = ['2026-01-31', '2026-02-01', '2026-02-28', '2026-03-01'] as const
const dayMs = 86_400_000

const statementOf = (dice: Dice, n: number): string =>
  JSON.stringify({
    actor: { account: { homePage: 'torus.example.edu', name: dice.below(500) } },
    verb: { id: `https://w3id.org/xapi/video/verbs/${dice.pick(verbs)}` },
    object: { id: `https://torus.example.edu/${n}`, definition: { name: dice.pick(names) } },
    timestamp: new Date(Date.parse(dice.pick(days)) + dice.below(dayMs)).toISOString(),
  })

const badLines = [
  '{"actor":',
  'neither JSON nor blank',
  'null',
  '[1,2]',
  '"text"',
  '{"verb":{"id":"no timestamp"}}',
  '{"timestamp":"soon"}',
  '{"timestamp":"1999-12-31T23:59:59Z"}',
  '{"timestamp":"2026-02-30T00:00:00Z"}',
] as const

/** The same line in object after object: each of them is a row of its own. */
const knownLine = statementOf(createDice(1), 0)

const linesOf = (dice: Dice, object: number): string[] => {
  const lines: string[] = []
  const records = recordsMin + dice.below(recordsMin)
  for (let record = 0; record < records; record++) {
    if (dice.chance(chances.blank)) lines.push('')
    if (dice.chance(chances.bad)) lines.push(dice.pick(badLines))
    else if (dice.chance(chances.equal)) lines.push(lines.at(-1) || knownLine)
    else lines.push(statementOf(dice, object * recordsMin * 2 + record))
  }
  return lines
}

/** Objects of events without end, good and bad, always the same of one seed. */
export function* makeObjects(seed: number): Generator<MadeObject, never> {
  const dice = createDice(seed)
  const earlier: MadeObject[] = []
  for (let n = 0; ; n++) {
    const before = earlier[dice.below(earlier.length)]
    if (before && dice.chance(chances.sameBytes)) {
      yield before
      continue
    }
    const suffix = dice.chance(chances.gzip) ? '.jsonl.gz' : '.jsonl'
    const fresh = `section/${dice.pick(sections)}/${dice.pick(categories)}/${String(n).padStart(6, '0')} ${dice.pick(names)}${suffix}`
    const key = before && dice.chance(chances.overwrite) ? before.key : fresh
    const text = linesOf(dice, n).join('\n') + (dice.chance(0.5) ? '\n' : '')
    const body = key.endsWith('.gz') ? gzipSync(text) : Buffer.from(text)
    earlier.push({ key, body })
    if (earlier.length > keysRemembered) earlier.shift()
    yield { key, body }
  }
}
