import type { Mutant, Terrain } from './mutant.ts'

export const mutantColumns = ['broken promise', 'broken by', 'hunted in', 'worlds at most']

const tellMeans = ({ edits = [], mutation }: Mutant): string => {
  const files = [...new Set(edits.map(({ file }) => `\`${file.split('/').at(-1)}\``))]
  const lies = mutation ? ['surroundings'] : []
  return [...files, ...lies].join(', ')
}

const tellTerrain = ({ troubles, script, mutation, limits, lives }: Terrain): string => {
  const place = script ? 'a script' : 'drawn worlds'
  const hardships = Object.keys({ ...troubles, ...mutation, ...limits, ...lives })
  return hardships.length > 0 ? `${place} with ${hardships.join(', ')}` : place
}

/** Cells of the table in docs/reference/mutants.md. */
export const tabulateMutants = (mutants: readonly Mutant[]): readonly (readonly string[])[] =>
  mutants.map((mutant) => [
    mutant.name,
    tellMeans(mutant),
    tellTerrain(mutant.terrain ?? {}),
    String(mutant.worldsMax),
  ])
