import { expect, test } from 'vitest'
import { describeRoutes, type Route } from './route.ts'

test('routes are told as the patterns they are', () => {
  const routes: readonly Route[] = [
    { prefix: 'section/', suffixes: ['.jsonl', '.jsonl.gz'], dataset: 'events' },
    { prefix: '', suffixes: [], dataset: 'rest' },
  ]
  expect(describeRoutes(routes)).toBe('section/*.jsonl, section/*.jsonl.gz → events; * → rest')
  const many = Array.from({ length: 1_000 }, () => routes[0] as Route)
  expect(describeRoutes(many).length).toBeLessThanOrEqual(1_001)
})
