import type { LetterReason } from '@silversmith/flow'
import type { Answer } from '../answer.ts'
import { writeDuration } from '../text/age.ts'
import type { CommandOf } from '../command.ts'
import { counted } from '../text/counted.ts'
import type { Diagnosed, QueueLook } from '../deployment/letters.ts'
import { documentOf, lookAtAll, openPostOffice } from '../deployment/letters.ts'
import { layOutRows } from '../text/row-layout.ts'
import type { Surroundings } from '../surroundings.ts'

/** In the table; `--json` has all. */
const toldMax = 50

const describeQueue = ({ name, count, whole }: QueueLook, seen: number): string => {
  if (seen === 0 && count > 0)
    return `${name}: about ${count} messages are there and out of sight; look again in five minutes`
  return `${name}: ${counted(seen, 'message')}${whole ? '' : `, of about ${count}: redrive some to see the others`}`
}

/** What to do, once for each reason. */
const describeReasons = (letters: readonly Diagnosed[]): readonly string[] => {
  const counts = new Map<LetterReason, { count: number; advice: string }>()
  for (const { diagnosis } of letters) {
    const { reason, advice } = diagnosis
    counts.set(reason, { advice, count: (counts.get(reason)?.count ?? 0) + 1 })
  }
  return [...counts].map(([reason, { count, advice }]) => `${reason} (${count}): ${advice}`)
}

/** Exit code 1 when a message is there that something is to be done about. */
export const runDlqList = async (
  { dir }: CommandOf<'dlq list'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const office = await openPostOffice(surroundings, dir)
  try {
    const { queues, letters } = await lookAtAll(office, surroundings)
    const now = surroundings.clock.now()
    const rows = letters.slice(0, toldMax).map(({ letter, diagnosis }) => ({
      ...{ message: letter.messageId, queue: letter.queue, receives: letter.receiveCount },
      ...{ age: writeDuration(now - letter.sentAt), reason: diagnosis.reason },
      ...{ about: diagnosis.about ?? '', detail: diagnosis.detail },
    }))
    const text = [
      ...queues.map((one) =>
        describeQueue(one, letters.filter(({ letter }) => letter.queue === one.name).length),
      ),
      ...(rows.length > 0 ? ['', layOutRows(rows)] : []),
      ...(letters.length > toldMax
        ? [`… and ${letters.length - toldMax} more; --json has all`]
        : []),
      ...(rows.length > 0 ? ['', ...describeReasons(letters)] : []),
    ]
    return {
      document: { queues, letters: letters.map(documentOf) },
      text: text.join('\n'),
      code: letters.some(({ diagnosis }) => !diagnosis.harmless) ? 1 : 0,
    }
  } finally {
    office.cloud.clients.destroy()
  }
}
