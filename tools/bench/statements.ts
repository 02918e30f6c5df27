import { createWriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { sampleObjects } from '@silversmith/datasets'

/** Raised when other statements are made: files of an older one are not used. */
const version = 1
const objectsPerSeed = 300
const newline = 10

/** A JSONL file of so many statements of all kinds, 1.1 KB each; made once and kept below the folder for temporary files. */
export const statementsFile = async (count: number): Promise<string> => {
  const folder = join(tmpdir(), 'silversmith-bench')
  const path = join(folder, `statements-${version}-${count}.jsonl`)
  const known = await stat(path).catch(() => undefined)
  if (known) return path
  await mkdir(folder, { recursive: true })
  const partial = `${path}.${process.pid}`
  const file = createWriteStream(partial)
  for (const line of linesOf(count)) {
    if (!file.write(line)) await new Promise<void>((resolve) => file.once('drain', () => resolve()))
  }
  file.end()
  await finished(file)
  await rename(partial, path)
  return path
}

/** Of one day, so that everybody writes one partition; of ordinary objects only, for the others are there to be refused. */
const linesOf = function* (count: number): Generator<Buffer> {
  let left = count
  for (let seed = 1; left > 0; seed += 1) {
    const { objects } = sampleObjects({ seed, objects: objectsPerSeed, days: 1 })
    for (const { body } of objects.slice(0, objectsPerSeed)) {
      for (const line of Buffer.from(body).toString().split('\n')) {
        if (line === '' || left === 0) continue
        left -= 1
        yield Buffer.concat([Buffer.from(line), Buffer.of(newline)])
      }
    }
  }
}
