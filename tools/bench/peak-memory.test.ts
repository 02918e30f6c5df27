import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { spend } from './contestant.ts'

const file = fileURLToPath(new URL('peak-memory.ts', import.meta.url))
const megabytes = 1e6

const peakOf = (work: string): Promise<number> =>
  spend<number>(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    ...['--input-type=module', '-e'],
    `import { readPeakMiB } from ${JSON.stringify(file)}
    ${work}
    process.stdout.write(String(readPeakMiB()))`,
  ])

test('a process tells what it took itself, not what its parent holds', async () => {
  const alone = await peakOf('')
  const held = Buffer.alloc(400 * megabytes, 1)
  expect(await peakOf('')).toBeLessThan(alone + 30)
  expect(held.length).toBeGreaterThan(0)
  expect(await peakOf(`Buffer.alloc(${200 * megabytes}, 1)`)).toBeGreaterThan(alone + 150)
})
