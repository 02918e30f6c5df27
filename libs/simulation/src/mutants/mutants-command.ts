import { leaseMutants, mutants } from './mutants.ts'
import type { Hunt } from './run-mutants.ts'
import { runMutants } from './run-mutants.ts'

export interface MutantsAsked {
  /** A mutant's name, or words of it. */
  readonly only: string | undefined
  readonly json: boolean
}

const printHunt = (name: string, { killed, worlds, violation }: Hunt): void =>
  void process.stdout.write(
    `${killed ? 'killed  ' : 'survived'} ${String(worlds).padStart(4)}  ${name}${violation === undefined ? '' : `: ${violation}`}\n`,
  )

/**
 * Hunts the mutants and prints what came of it; the exit code. JSON: `{mutants: {<name>: {killed, worlds, violation?}}, leases:
 * {<name>: the same}}`, where those of `leases` must not be killed.
 *
 * @throws TypeError when no mutant is called so.
 */
export const runMutantsCommand = async ({ only, json }: MutantsAsked): Promise<number> => {
  const isAsked = ({ name }: { name: string }): boolean => only === undefined || name.includes(only)
  const asked = [mutants.filter(isAsked), leaseMutants.filter(isAsked)] as const
  if (asked.flat().length === 0) {
    const names = [...mutants, ...leaseMutants].map(({ name }) => name)
    throw new TypeError(`--only: no mutant is called "${only}"; there are\n${names.join('\n')}\n`)
  }
  const tell = json ? undefined : printHunt
  const hunts = {
    mutants: await runMutants(asked[0], tell),
    leases: await runMutants(asked[1], tell),
  }
  const survivors = Object.values(hunts.mutants).filter(({ killed }) => !killed).length
  const harmful = Object.values(hunts.leases).filter(({ killed }) => killed).length
  if (json) process.stdout.write(`${JSON.stringify(hunts)}\n`)
  else
    process.stdout.write(
      `${asked[0].length} mutants, ${survivors} survived; ${asked[1].length} of leases, ${harmful} did harm\n`,
    )
  return survivors + harmful > 0 ? 1 : 0
}
