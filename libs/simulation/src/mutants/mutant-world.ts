import { noTroubles } from '../world/troubles.ts'
import { runWorld } from '../world/world.ts'
import type { Mutant } from './mutant.ts'

/** What is wrong with one world of the mutant's terrain, with or without the part of the mutant that lies in its ports. */
export const judgeMutantWorld = async (
  { mutation, terrain = {} }: Mutant,
  seed: number,
  isMutated: boolean,
): Promise<readonly string[]> => {
  const { troubles, mutation: surroundings, judge, forgiven, ...rest } = terrain
  const trace: string[] = []
  const { violations } = await runWorld(seed, {
    ...rest,
    mutation: { ...surroundings, ...(isMutated && mutation) },
    ...(troubles && { troubles: { ...noTroubles, ...troubles } }),
    ...(judge && { trace: (line: string) => void trace.push(line) }),
  })
  const isForgiven = (text: string): boolean => forgiven !== undefined && text.includes(forgiven)
  return [...violations.filter((text) => !isForgiven(text)), ...(judge?.(trace) ?? [])]
}
