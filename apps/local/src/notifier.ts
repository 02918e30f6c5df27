import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { SQSClient } from '@aws-sdk/client-sqs'

/** Sends object events to a queue as S3 does. */
export interface Notifier {
  /** Resolves when the queue has the event; with several copies, when it is noted for the next shuffle. */
  notify(record: object): Promise<void>
  /** Sends everything that is noted; throws also what failed since the last flush. */
  flush(): Promise<void>
}

export interface NotifierSettings {
  readonly queueUrl: string
  /** Deliveries of each event. With more than one, they are shuffled. */
  readonly copies: number
  /** Told of each event, once. */
  readonly onEvent?: (record: object) => void
}

const entriesMax = 10
const sendsMax = 4
/** Events held back to be shuffled. */
const shuffledMax = 5_000
/** After this silence what is held back goes out. */
const silenceMs = 300

interface Note {
  readonly body: string
  readonly settle: (error?: unknown) => void
}

const shuffle = <Item>(items: Item[]): void => {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[items[last], items[other]] = [items[other] as Item, items[last] as Item]
  }
}

export const createNotifier = (sqs: SQSClient, settings: NotifierSettings): Notifier => {
  const waiting: Note[] = []
  let held: string[] = []
  let timer: NodeJS.Timeout | undefined
  let sending = 0
  let failure: { readonly error: unknown } | undefined

  const send = async (notes: readonly Note[]): Promise<void> => {
    try {
      const { Failed } = await sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: settings.queueUrl,
          Entries: notes.map(({ body }, index) => ({ Id: String(index), MessageBody: body })),
        }),
      )
      const failed = new Map(Failed?.map(({ Id, Message }) => [Id, Message]))
      notes.forEach(({ settle }, index) =>
        settle(failed.has(String(index)) ? new Error(failed.get(String(index))) : undefined),
      )
    } catch (error) {
      for (const { settle } of notes) settle(error)
    }
  }

  const work = (): void => {
    while (sending < sendsMax && waiting.length > 0) {
      sending++
      void send(waiting.splice(0, entriesMax)).then(() => {
        sending--
        work()
      })
    }
  }

  const sendOne = (body: string): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ body, settle: (error) => (error ? reject(error as Error) : resolve()) })
      work()
    })

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    const bodies = held
    held = []
    shuffle(bodies)
    await Promise.all(bodies.map(sendOne))
    if (failure) throw failure.error
  }
  const flushLater = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      flush().catch((error: unknown) => (failure ??= { error }))
    }, silenceMs)
  }

  return {
    flush,
    notify: async (record) => {
      settings.onEvent?.(record)
      const body = JSON.stringify({ Records: [record] })
      if (settings.copies === 1) return sendOne(body)
      for (let copy = 0; copy < settings.copies; copy++) held.push(body)
      if (held.length >= shuffledMax) return flush()
      flushLater()
    },
  }
}
