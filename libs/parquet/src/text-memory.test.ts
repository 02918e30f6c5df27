import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { columnOf } from './any-row.ts'
import { createParquetEncoder } from './index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const usedMiB = (): number => {
  collect()
  return process.memoryUsage().heapUsed / 1024 ** 2
}

it.each(['', '\ud800', 'é', '漢'])(
  'texts that are parts of larger ones do not keep these in memory (%j)',
  (letter) => {
    const rows = createParquetEncoder().createRows([columnOf('category', true)])
    const before = usedMiB()
    for (let at = 0; at < 100; at += 1) {
      const whole = JSON.parse(
        `"${`${letter}a host of number ${at}, `.padEnd(500_000, 'x')}"`,
      ) as string
      rows.add([whole.slice(0, 22)])
    }
    expect(usedMiB() - before).toBeLessThan(10)
    expect(rows.rows).toBe(100)
  },
)
