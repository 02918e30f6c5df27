import { identify, objectOfMessage, readObjectsMessage, sourceIdOf } from '@silversmith/core'
import type { History } from './history.ts'
import type { Delivery } from './sqs.ts'
import type { Told } from './uploader.ts'
import type { Watch } from './watch.ts'

/** Sees to it that no message is deleted before what it asks for is safe elsewhere. */
export interface Acknowledgements {
  /** A message came to the objects queue. */
  noteSent(body: string): void
  /** These arrivals are about to be deleted: each must have been sent on. */
  judgeArrivals(deliveries: readonly Delivery[]): void
  /** These messages, data themselves, are about to be deleted: each must be listed by a sealed batch. */
  judgeMessages(deliveries: readonly Delivery[]): void
  /** These are about to be deleted from the objects queue: each source must be listed by a sealed batch. */
  judgeObjects(deliveries: readonly Delivery[]): void
}

export interface AcknowledgementOptions {
  readonly pipeline: string
  readonly history: History
  readonly watch: Watch
  readonly violate: (text: string) => void
}

export const createAcknowledgements = (options: AcknowledgementOptions): Acknowledgements => {
  const { pipeline, history, watch, violate } = options
  const sent = new Set<string>()
  return {
    noteSent: (body) => {
      const message = readObjectsMessage(pipeline, body)
      if (message?.kind !== 'source') return
      sent.add(message.source.id)
      const version = history.find(message.source.id)
      if (!version) return
      version.isTold = true
      // A job has a generation of its own.
      version.generation = Math.max(version.generation, message.source.generation)
    },
    judgeArrivals: (deliveries) => {
      for (const { messageId, body } of deliveries) {
        const object = identify(JSON.parse(body) as Told)
        if (!object || !sent.has(sourceIdOf(pipeline, object)))
          violate(`arrival ${messageId} of ${object?.key} was deleted and never sent on`)
      }
    },
    judgeMessages: (deliveries) => {
      for (const { messageId, identity } of deliveries)
        if (!watch.sealedSources.has(sourceIdOf(pipeline, objectOfMessage(identity))))
          violate(`message ${messageId} was deleted, and no sealed batch has what it brought`)
    },
    judgeObjects: (deliveries) => {
      for (const { messageId, body } of deliveries) {
        const message = readObjectsMessage(pipeline, body)
        if (message?.kind === 'batch' && !watch.begunAt.has(message.batch))
          violate(`message ${messageId} of an unknown batch was deleted`)
        if (message?.kind !== 'source') continue
        const { id, object, generation } = message.source
        const sealed = watch.sealedSources.get(id)
        if (sealed === undefined || sealed < generation)
          violate(
            `message ${messageId} was deleted, and no sealed batch lists ${object.key} ${object.version} of generation ${generation}`,
          )
      }
    },
  }
}
