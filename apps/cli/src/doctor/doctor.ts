import { type Check, isWrong } from '@silversmith/core'
import { runCheckers } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import { findDeployment, needDescribed } from '../deployment/deployment.ts'
import { openDoctorRoom } from './doctor-room.ts'
import type { Surroundings } from '../surroundings.ts'

const marks: Readonly<Record<Check['state'], string>> = {
  ...{ ok: 'ok', warning: 'warning', wrong: 'WRONG', unseen: 'unseen' },
}
const markWidth = Math.max(...Object.values(marks).map((mark) => mark.length))

const describe = ({ part, name, state, found, fix }: Check): string => {
  const what = found.includes(name) || name === part ? part : `${part} ${name}`
  const first = `${marks[state].padEnd(markWidth)}  ${what}: ${found}`
  return fix === undefined ? first : `${first}\n${' '.repeat(markWidth)}  fix: ${fix}`
}

/** Longest look: functions that start, and a server that does not answer. */
const lookMsMax = 120_000

/** Exit code 1 when anything is wrong. */
export const runDoctor = async (
  { dir }: CommandOf<'doctor'>,
  { environment, clock, progress, signal }: Surroundings,
): Promise<Answer> => {
  const deployment = await findDeployment(environment, dir)
  needDescribed(deployment)
  const room = openDoctorRoom(deployment, clock.now)
  progress.show('looking at everything')
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(lookMsMax)])
    const checks = [...room.checks, ...(await runCheckers(room.checkers, limit))]
    const wrong = checks.filter(isWrong).length
    const sum =
      wrong === 0
        ? `${counted(checks.length, 'check')}, nothing is wrong`
        : `${counted(checks.length, 'check')}, ${wrong} wrong`
    return {
      document: { checks, wrong },
      text: [...checks.map(describe), '', sum].join('\n'),
      code: wrong === 0 ? 0 : 1,
    }
  } finally {
    progress.end()
    room.close()
  }
}
