import { createS3Replicator, createSqsDeadLetters } from '@silversmith/aws'
import {
  type DeadLetter,
  type DeadLetterQueue,
  queueNameOf,
  type SettingValues,
} from '@silversmith/core'
import type { Call, Diagnosis } from '@silversmith/flow'
import { diagnose, lookAt, lookMax, messagesQueuePrefix } from '@silversmith/flow'
import { findDeployment, openCloud, readDeployment } from './deployment.ts'
import type { Cloud } from './deployment.ts'
import { deploymentSettings } from './deployment-settings.ts'
import type { Surroundings } from '../surroundings.ts'
import { callOf } from '../surroundings.ts'

/** The dead-letter queues of a deployment, and what it takes to say why letters are in them. */
export interface PostOffice {
  readonly pipeline: string
  readonly queues: readonly DeadLetterQueue[]
  readonly cloud: Cloud
  diagnose(letters: readonly DeadLetter[], call: Call): Promise<readonly Diagnosis[]>
}

const settings = {
  ...deploymentSettings.bronze,
  ...deploymentSettings.objects,
  ...deploymentSettings.deadLetters,
}

/** `cloud.clients.destroy()` ends its connections. @throws UsageError */
export const openPostOffice = async (
  { environment, clock }: Surroundings,
  dir: string | undefined,
): Promise<PostOffice> => {
  const deployment = await findDeployment(environment, dir)
  const values = readDeployment(deployment, settings)
  const cloud = openCloud(deployment, values)
  const { pipeline, routes, buckets, replayPrefix: prefix } = values
  const replay = { prefix, replicator: createS3Replicator({ client: cloud.clients.s3 }) }
  return {
    ...{ pipeline, cloud },
    queues: openDeadLetters(cloud, values),
    diagnose: (letters, call) =>
      diagnose({ pipeline, routes, buckets, replay, clock, ...cloud }, letters, call),
  }
}

type QueueUrls = SettingValues<
  typeof deploymentSettings.objects & typeof deploymentSettings.deadLetters
>

/** Those of every queue that feeds a function, in the order of the flow. */
export const openDeadLetters = (
  { clients: { sqs: client } }: Cloud,
  values: QueueUrls,
): readonly DeadLetterQueue[] => {
  const queueOf = (name: string, queueUrl: string, deadQueueUrl: string | undefined) =>
    createSqsDeadLetters({ client, name, queueUrl, deadQueueUrl })
  return [
    queueOf('arrivals', values.arrivalsQueueUrl, values.arrivalsDeadUrl),
    queueOf('objects', values.objectsQueueUrl, values.objectsDeadUrl),
    ...(values.bulkQueueUrl === undefined
      ? []
      : [queueOf('bulk', values.bulkQueueUrl, values.bulkDeadUrl)]),
    ...values.messagesQueueUrls.map((url) => queueOf(messagesNameOf(url), url, undefined)),
  ]
}

/** `messages/<queue>`. */
export const messagesNameOf = (url: string): string =>
  `${messagesQueuePrefix}${queueNameOf(url).split('/').at(-1)}`

/** Longer than any look takes, and shorter than a letter stays hidden. */
const lookMs = 240_000

/** A letter and why it is there. */
export interface Diagnosed {
  readonly letter: DeadLetter
  readonly diagnosis: Diagnosis
}

export interface QueueLook {
  readonly name: string
  /** About how many letters there are. */
  readonly count: number
  /** False: there may be more than were looked at. */
  readonly whole: boolean
}

export const lookAtAll = async (
  office: PostOffice,
  surroundings: Surroundings,
): Promise<{ readonly queues: readonly QueueLook[]; readonly letters: readonly Diagnosed[] }> => {
  const queues: QueueLook[] = []
  const letters: Diagnosed[] = []
  for (const queue of office.queues) {
    const call = callOf(surroundings, lookMs)
    surroundings.progress.show(`looking at the dead letters of ${queue.name}`)
    const count = await queue.count(call.signal)
    const { clock } = surroundings
    const found = await lookAt({ clock, queue, lettersMax: lookMax }, call)
    const diagnoses = await office.diagnose(found.letters, call)
    queues.push({ name: queue.name, count, whole: found.whole })
    found.letters.forEach((letter, at) => {
      const diagnosis = diagnoses[at]
      if (diagnosis) letters.push({ letter, diagnosis })
    })
  }
  surroundings.progress.end()
  return { queues, letters }
}

/** What `--json` tells of a letter: no receipt, which is for nobody, and no body, which may be long. */
export const documentOf = ({ letter, diagnosis }: Diagnosed): object => {
  const { queue, messageId, identity, receiveCount, sentAt, firstReceivedAt } = letter
  const times = { sentAt, firstReceivedAt: firstReceivedAt ?? null }
  return { queue, messageId, identity, receiveCount, ...times, ...diagnosis }
}
