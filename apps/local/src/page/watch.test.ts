import { expect, it } from 'vitest'
import { createWatch } from './watch.ts'

it('hears of batches in the lines of functions, and of nothing else', () => {
  let now = 5
  const watch = createWatch(() => now++)
  const line = (message: string, event: object) => JSON.stringify({ level: 'INFO', message, event })
  watch.hearLine('START RequestId: 1 batch-sealed')
  watch.hearLine(line('batch-sealed', { batch: 'A', rows: 3 }))
  watch.hearLine(line('batch-aborted', { batch: 'B' }))
  watch.hearLine(line('batch-committed', { batch: 'A' }))
  watch.hearLine('{"message":"batch-sealed"')
  watch.hearLine('{"message":"batch-sealed"}')
  expect(watch.takeTold()).toEqual([
    { batch: 'A', kind: 'batch-sealed', at: expect.any(Number) },
    { batch: 'A', kind: 'batch-committed', at: expect.any(Number) },
  ])
  expect(watch.takeTold()).toEqual([])
})

it('counts objects by their events, whatever shape these have', () => {
  const watch = createWatch(Date.now)
  watch.hearArrival({ s3: { object: { key: 'a/b+%C3%BC.jsonl', size: 10 } } })
  expect(watch.landed()).toEqual({ objects: 1, bytes: 10, lastKey: 'a/b ü.jsonl' })
  watch.hearArrival({ s3: { object: { key: '100%' } } })
  expect(watch.landed()).toEqual({ objects: 2, bytes: 10, lastKey: '100%' })
})
