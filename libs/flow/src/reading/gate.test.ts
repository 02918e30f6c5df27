import { expect, test } from 'vitest'
import { createGate } from './gate.ts'

test('a gate lets in as many as it may, the others in their order', async () => {
  const gate = createGate(2)
  const inside: string[] = []
  const visit = async (name: string): Promise<() => void> => {
    const leave = await gate.enter()
    inside.push(name)
    return leave
  }
  const [first, second, third, fourth] = ['a', 'b', 'c', 'd'].map(visit)
  const leaveFirst = await first!
  const leaveSecond = await second!
  await Promise.resolve()
  expect(inside).toEqual(['a', 'b'])
  leaveFirst()
  const leaveThird = await third!
  expect(inside).toEqual(['a', 'b', 'c'])
  leaveSecond()
  leaveThird()
  await fourth!
  expect(inside).toEqual(['a', 'b', 'c', 'd'])
})
