import { faults } from '@silversmith/core'
import type { FaultCode } from '@silversmith/core'

/** The same problem is told again after this time at the earliest. */
const silenceMs = 60_000
/** Faults that pass by themselves are told when they come this often. */
const passingMax = 10
/** Distinct problems remembered. */
const rememberedMax = 1_000
const lineMax = 400

interface LogLine {
  readonly level?: unknown
  readonly message?: unknown
  readonly event?: {
    readonly code?: unknown
    readonly target?: unknown
    readonly message?: unknown
  }
}

const readLine = (line: string): LogLine | undefined => {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return undefined
  }
}

const isPassing = (code: unknown): boolean =>
  typeof code === 'string' && code in faults && faults[code as FaultCode].meaning === 'retry'

/** Batches and times differ in every line; without them the same problem reads the same. */
const withoutIds = (text: string): string => text.replace(/[0-9A-HJKMNP-TV-Z]{26}|\d+/g, '…')

/** Reads the log lines of a function and tells its errors to the person, each kind once a minute. */
export const createProblemTeller = (tell: (text: string) => void, now: () => number) => {
  const told = new Map<string, number>()
  const passing = new Map<string, number>()
  return (functionName: string, line: string): void => {
    const read = readLine(line)
    if (read?.level !== 'ERROR') return
    const { code, target, message } = read.event ?? {}
    const parts = [functionName, read.message, target, code, message]
    const text = parts
      .filter((part) => typeof part === 'string')
      .join(': ')
      .slice(0, lineMax)
    const kind = withoutIds(text)
    if (isPassing(code)) {
      const times = (passing.get(kind) ?? 0) + 1
      passing.set(kind, times)
      if (times < passingMax) return
    }
    if (now() - (told.get(kind) ?? -Infinity) < silenceMs) return
    if (told.size >= rememberedMax) {
      told.clear()
      passing.clear()
    }
    told.set(kind, now())
    tell(text)
  }
}
