import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const file = new URL('young-generation.ts', import.meta.url).href

/** MiB of the young generation of a process that makes much garbage, started as Lambda starts a function of 512 MB. */
const grownMiB = (memoryMib: number): number => {
  const code = `
    const { capYoungGeneration } = await import(${JSON.stringify(file)})
    const { getHeapSpaceStatistics } = await import('node:v8')
    capYoungGeneration(${memoryMib})
    let kept = []
    for (let n = 0; n < 3e6; n += 1) {
      kept.push({ n, list: [n] })
      if (kept.length > 200_000) kept = kept.slice(-100_000)
    }
    const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    process.stdout.write(String(space_size / 2 ** 20))`
  const flags = ['--max-semi-space-size=25', '--disable-warning=ExperimentalWarning']
  return Number(
    execFileSync(process.execPath, [...flags, '--input-type=module', '-e', code], {
      encoding: 'utf8',
    }),
  )
}

test('a small function keeps its young generation small, a larger one lets it grow', () => {
  expect(grownMiB(512)).toBeLessThan(20)
  expect(grownMiB(2_048)).toBeGreaterThan(40)
})
