import type { Answer } from '../answer.ts'
import { writeDuration, writeTime } from '../text/age.ts'
import { asCalled } from '../called-name.ts'
import type { CommandOf } from '../command.ts'
import type { Diagnosed } from '../deployment/letters.ts'
import { documentOf, lookAtAll, openPostOffice } from '../deployment/letters.ts'
import type { Surroundings } from '../surroundings.ts'

const describe = ({ letter, diagnosis }: Diagnosed, now: number): string => {
  const { queue, messageId, identity, receiveCount, sentAt, firstReceivedAt, body } = letter
  const sent = `${writeTime(sentAt)}, ${writeDuration(now - sentAt)} ago`
  const first = firstReceivedAt === undefined ? '' : `, the first at ${writeTime(firstReceivedAt)}`
  return [
    `message    ${messageId}`,
    `queue      ${queue}`,
    `identity   ${identity.messageId} of ${identity.queueArn}`,
    `sent       ${sent}`,
    `receives   ${receiveCount}${first}`,
    `about      ${diagnosis.about ?? 'nothing that could be named'}`,
    `reason     ${diagnosis.reason}: ${diagnosis.detail}`,
    `what to do ${diagnosis.advice}`,
    '',
    body,
  ].join('\n')
}

/** Exit code 1 when the message is not there, or something is to be done about it. */
export const runDlqShow = async (
  { messageId, dir }: CommandOf<'dlq show'>,
  surroundings: Surroundings,
): Promise<Answer> => {
  const office = await openPostOffice(surroundings, dir)
  try {
    const { letters } = await lookAtAll(office, surroundings)
    const seen = letters.find(({ letter }) => letter.messageId === messageId)
    if (!seen) {
      const told = `message ${messageId} is in none of the dead-letter queues now; silversmith dlq list shows what is`
      const text = asCalled(told, dir)
      return { document: { letter: null, problem: text }, text, code: 1 }
    }
    // The body stays as it was sent.
    const found = { ...seen, diagnosis: asCalled(seen.diagnosis, dir) }
    const { body, attributes } = found.letter
    return {
      document: { letter: { ...documentOf(found), body, attributes: Object.keys(attributes) } },
      text: describe(found, surroundings.clock.now()),
      code: found.diagnosis.harmless ? 0 : 1,
    }
  } finally {
    office.cloud.clients.destroy()
  }
}
