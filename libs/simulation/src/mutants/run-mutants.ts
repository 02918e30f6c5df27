import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Finding } from './finding.ts'
import type { Mutant } from './mutant.ts'
import { judgeMutantWorld } from './mutant-world.ts'

/** Whether the harness found a mutant, and in how many worlds. */
export interface Hunt {
  readonly killed: boolean
  readonly worlds: number
  /** First of what the harness said. */
  readonly violation?: string
}

const processPath = fileURLToPath(new URL('./mutant-process.ts', import.meta.url))
const processesMax = 2
const processTimeoutMs = 300_000

/** The first bad world from a seed on, in a process of the mutant's own. */
const findBad = (name: string, first: number, last: number): Promise<Finding | undefined> =>
  new Promise((resolve, reject) =>
    execFile(
      process.execPath,
      [processPath, name, String(first), String(last)],
      { timeout: processTimeoutMs },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`the process of mutant "${name}" failed: ${stderr}`))
        else resolve((JSON.parse(stdout) as Finding | null) ?? undefined)
      },
    ),
  )

/** Hunts one mutant: it is killed by a world that is bad with it and good without it. */
export const huntMutant = async (mutant: Mutant): Promise<Hunt> => {
  const { name, worldsMax } = mutant
  for (let first = 1; first <= worldsMax;) {
    const found = await findBad(name, first, worldsMax)
    if (!found) break
    const violations = await judgeMutantWorld(mutant, found.seed, false)
    const [violation] = found.violations
    if (violations.length === 0)
      return { killed: true, worlds: found.seed, ...(violation !== undefined && { violation }) }
    first = found.seed + 1
  }
  return { killed: false, worlds: worldsMax }
}

/** Hunts all of them, a few at a time; what came of it by name, in the order given. */
export const runMutants = async (
  mutants: readonly Mutant[],
  tell: (name: string, hunt: Hunt) => void = () => undefined,
): Promise<Readonly<Record<string, Hunt>>> => {
  const hunts = new Map<string, Hunt>()
  const open = mutants.values()
  const goOn = async (): Promise<void> => {
    for (const mutant of open) {
      const hunt = await huntMutant(mutant)
      hunts.set(mutant.name, hunt)
      tell(mutant.name, hunt)
    }
  }
  await Promise.all(Array.from({ length: processesMax }, goOn))
  return Object.fromEntries(mutants.map(({ name }) => [name, hunts.get(name)!]))
}
