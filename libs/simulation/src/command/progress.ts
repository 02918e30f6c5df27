import type { ReportBuilder } from './report.ts'

const everyMs = 250

/** One line on a terminal, written over and over; nothing where there is none. */
export const createProgress = (
  out: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>,
  worlds: number,
  now: () => number,
) => {
  const startedAt = now()
  let toldAt = 0
  return {
    tell: (report: Pick<ReportBuilder, 'worlds' | 'bad'>): void => {
      if (!out.isTTY || now() - toldAt < everyMs) return
      toldAt = now()
      const perSecond = (1_000 * report.worlds) / (now() - startedAt + 1)
      const leftSeconds = Math.ceil((worlds - report.worlds) / Math.max(perSecond, 0.001))
      out.write(
        `\r\x1b[K${report.worlds} of ${worlds} worlds, ${perSecond.toFixed(1)}/s, ${report.bad} bad, ${leftSeconds} s left`,
      )
    },
    clear: (): void => void (out.isTTY && out.write('\r\x1b[K')),
  }
}
