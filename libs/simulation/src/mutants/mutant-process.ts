import { registerHooks } from 'node:module'
import type { Finding } from './finding.ts'
import { leaseMutants, mutants } from './mutants.ts'
import { editSource } from './source-edit.ts'

/**
 * A process of one mutant: edits the sources as they are loaded, runs its worlds until one is bad, and prints the Finding.
 * Arguments: the mutant's name, the first seed, the last.
 */
const [name, first, last] = process.argv.slice(2)
const mutant = [...mutants, ...leaseMutants].find((candidate) => candidate.name === name)
if (!mutant) throw new RangeError(`no mutant is called ${name}`)
const root = new URL('../../../../', import.meta.url)
const edits = mutant.edits ?? []

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    const own = edits.filter(({ file }) => new URL(file, root).href === url)
    if (own.length === 0) return loaded
    return { ...loaded, source: own.reduce(editSource, String(loaded.source)) }
  },
})

// Imported only now, so that the hook sees every file of the world.
const { judgeMutantWorld } = await import('./mutant-world.ts')
let finding: Finding | undefined
for (let seed = Number(first); seed <= Number(last) && !finding; seed += 1) {
  const violations = await judgeMutantWorld(mutant, seed, true)
  if (violations.length > 0) finding = { seed, violations }
}
process.stdout.write(`${JSON.stringify(finding ?? null)}\n`)
