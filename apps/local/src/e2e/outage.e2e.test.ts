import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runOutage } from '../chaos/outage.ts'

test('while ClickHouse is away silver and a job go on; when it is back every row comes, once, and nothing is a dead letter', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'silversmith-outage-'))
  try {
    const report = await runOutage({
      ...{ dir, seed: 7, seconds: 8, backfill: true },
      onProgress: () => undefined,
      signal: new AbortController().signal,
    })
    expect(report).toMatchObject({
      ...{ lost: 0, duplicated: 0, extra: 0, deadLetters: 0, problems: [] },
    })
    expect(report.rows).toBeGreaterThan(report.objects)
    expect(report.waitingBatches).toBeGreaterThan(0)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})
