import { type Check, checksOf } from './check.ts'
import { queueNameOf } from './message-record.ts'

/** What SQS says of a queue. */
export interface QueueFacts {
  readonly url: string
  readonly visibilitySeconds: number
  /** What its redrive policy says; undefined: it has none. */
  readonly redrive: { readonly deadLetterArn: string; readonly receivesMax: number } | undefined
}

/** Fewer are burnt by an outage of an hour, and good messages die. */
export const receivesMin = 20
/** What we set, and advise. */
export const receivesAdvised = 50

/** AWS' advice, beside the window of the mapping: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const timeoutsAdvised = 6
/** SQS' most. */
const visibilitySecondsMax = 43_200

/** What is wrong with a queue that a function reads. `timeoutSeconds` of that function; undefined: not known. */
export const checkQueueFacts = (
  facts: QueueFacts,
  timeoutSeconds: number | undefined,
): readonly Check[] => {
  const check = checksOf('sqs', queueNameOf(facts.url).split('/').at(-1) ?? facts.url)
  const found = [
    ...receiveProblems(facts, check),
    ...visibilityProblems(facts, timeoutSeconds, check),
  ]
  if (found.length > 0) return found
  const { redrive, visibilitySeconds } = facts
  return [
    check.ok(
      `maxReceiveCount ${redrive?.receivesMax}, hidden for ${visibilitySeconds} s after a receive`,
    ),
  ]
}

/** Too few receives; undefined: enough, or no redrive policy, with which no message dies. */
export const receivesProblemOf = ({ url, redrive }: QueueFacts): string | undefined =>
  redrive === undefined || redrive.receivesMax >= receivesMin
    ? undefined
    : `${url} gives a message up after ${redrive.receivesMax} receives, at least ${receivesMin} are needed: ` +
      'each try during an outage or a throttle is one, and good messages would become dead letters'

/** The command that mends it. */
export const receivesFixOf = ({ url, redrive }: QueueFacts): string => {
  const policy = JSON.stringify({
    deadLetterTargetArn: redrive?.deadLetterArn ?? '<ARN of a dead-letter queue>',
    maxReceiveCount: receivesAdvised,
  })
  return `aws sqs set-queue-attributes --queue-url ${url} --attributes '${JSON.stringify({ RedrivePolicy: policy })}'`
}

type Checks = ReturnType<typeof checksOf>

const receiveProblems = (facts: QueueFacts, check: Checks): readonly Check[] => {
  const problem = receivesProblemOf(facts)
  if (problem !== undefined) return [check.wrong(problem, `run ${receivesFixOf(facts)}`)]
  if (facts.redrive) return []
  return [
    check.warning(
      `${facts.url} has no dead-letter queue: what fails again and again is tried until it expires, and then gone`,
      `make one, and run ${receivesFixOf(facts)}`,
    ),
  ]
}

const visibilityProblems = (
  { url, visibilitySeconds }: QueueFacts,
  timeoutSeconds: number | undefined,
  check: Checks,
): readonly Check[] => {
  if (timeoutSeconds === undefined) return []
  const advised = Math.min(timeoutsAdvised * timeoutSeconds, visibilitySecondsMax)
  if (visibilitySeconds >= advised) return []
  const fix = `run aws sqs set-queue-attributes --queue-url ${url} --attributes VisibilityTimeout=${advised}`
  const begin = `the visibility timeout of ${url} is ${visibilitySeconds} s`
  return visibilitySeconds < timeoutSeconds
    ? [
        check.wrong(
          `${begin}, and its function may take ${timeoutSeconds} s: messages come again while they are worked on, and burn receives`,
          fix,
        ),
      ]
    : [
        check.warning(
          `${begin}, less than ${timeoutsAdvised} times the ${timeoutSeconds} s its function may take: throttled messages burn receives`,
          fix,
        ),
      ]
}
