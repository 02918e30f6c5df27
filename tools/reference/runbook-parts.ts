import { type FaultFacts, faults, type MetricFacts, metrics } from '@silversmith/core'
import { code, tableOf } from './markdown.ts'

/** Parts of the runbook that are printed: name → Markdown that is not formatted yet. */
export const runbookParts = (): Readonly<Record<string, string>> => ({
  alarms: tableOf(
    ['metric', 'what it means', 'what to do'],
    [
      [
        'messages in a dead-letter queue',
        'a message was received 50 times',
        '`silversmith dlq list`',
      ],
      ...Object.entries(metrics).flatMap(alarmRow),
    ],
  ),
  faults: tableOf(['fault', '', 'what to do'], Object.entries(faults).map(faultRow)),
})

const alarmRow = ([name, { alarm, isOfTarget }]: readonly [
  string,
  MetricFacts,
]): readonly (readonly string[])[] =>
  alarm
    ? [[`${code(name)} ${alarm.when}${isOfTarget ? ', by target' : ''}`, alarm.means, alarm.action]]
    : []

const faultRow = ([name, { meaning, remedy }]: readonly [
  string,
  FaultFacts,
]): readonly string[] => [code(name), meaning === 'refuse' ? 'refused' : meaning, remedy]

const beginOf = (name: string): string => `<!-- printed: ${name} -->`
const end = '<!-- end -->'

/** The runbook with its printed parts as they are now. @throws RangeError where a part has no place. */
export const fillRunbook = (runbook: string): string =>
  Object.entries(runbookParts()).reduce((text, [name, part]) => {
    const [before, rest] = text.split(beginOf(name))
    const at = rest?.indexOf(end) ?? -1
    if (before === undefined || rest === undefined || at < 0)
      throw new RangeError(`the runbook has no ${beginOf(name)} … ${end}`)
    return `${before}${beginOf(name)}\n\n${part}\n\n${rest.slice(at)}`
  }, runbook)
