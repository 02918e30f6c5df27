import { expect, test } from 'vitest'
import { createRoom } from './transform-room.ts'

const routes = [{ prefix: 'in/', suffixes: ['.jsonl', '.gz'], dataset: 'notes' }]
const room = createRoom({ routes })
const reasons = (): readonly unknown[] =>
  room.manifests().flatMap(({ sources }) => sources.map(({ reason }) => reason))

test('an object that no route accepts, or of a dataset nobody knows, is told the patterns and datasets there are', async () => {
  const unknown = room.put('in/a.jsonl', '{"id":"a"}', 'other')
  await room.run({ ...room.put('x.csv', 'a,b'), dataset: undefined }, unknown)
  expect(reasons()).toEqual([
    'no route accepts this key; add one to ROUTES and send the object again; routes: in/*.jsonl, in/*.gz → notes; known datasets: notes',
    'dataset other is not known here; known datasets: notes',
  ])
})
