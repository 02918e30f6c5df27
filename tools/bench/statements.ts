import { hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { sampleObjects, xapiEvents } from '@silversmith/datasets'

const objectsPerSeed = 300
const digestCharacters = 10

/**
 * A JSONL file of so many statements of all kinds, 1.1 KB each: always the same ones. Made once and kept below the folder for
 * temporary files, by a name that changes with the statements.
 */
export const statementsFile = async (count: number): Promise<string> => {
  const folder = join(tmpdir(), 'silversmith-bench')
  const version = hash('sha256', [...linesOfSeed(1)].join('\n')).slice(0, digestCharacters)
  const path = join(folder, `statements-${version}-${count}.jsonl`)
  const known = await stat(path).catch(() => undefined)
  if (known) return path
  await mkdir(folder, { recursive: true })
  const partial = `${path}.${process.pid}`
  const file = createWriteStream(partial)
  for (const line of linesOf(count)) {
    if (!file.write(`${line}\n`))
      await new Promise<void>((resolve) => file.once('drain', () => resolve()))
  }
  file.end()
  await finished(file)
  await rename(partial, path)
  return path
}

/** So many statements, one after the other. */
export const linesOf = function* (count: number): Generator<string> {
  let left = count
  for (let seed = 1; ; seed += 1) {
    for (const line of linesOfSeed(seed)) {
      if (left === 0) return
      left -= 1
      yield line
    }
  }
}

/** The day of all of them. */
export const statementsDay = '2026-01-05'

/** Of one day, so that everybody writes one partition; of the ordinary objects, which come first, and accepted. */
const linesOfSeed = function* (seed: number): Generator<string> {
  const { objects } = sampleObjects({ seed, objects: objectsPerSeed, days: 1 })
  for (const { body } of objects.slice(0, objectsPerSeed))
    for (const text of Buffer.from(body).toString().split('\n')) if (isAccepted(text)) yield text
}

const isAccepted = (text: string): boolean =>
  text !== '' && 'rows' in xapiEvents.map(JSON.parse(text), { hash: '0'.repeat(64), text })
