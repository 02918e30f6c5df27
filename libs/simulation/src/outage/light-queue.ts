import type { Scheduler } from '../world/scheduler.ts'

export interface Message {
  readonly id: string
  readonly body: string
  receives: number
}

interface QueueOptions {
  readonly visibilityMs: number
  readonly receivesMax: number
}

/** An SQS queue of millions of messages in virtual time, first come first served, with a dead letter queue behind it. */
export const createLightQueue = (
  scheduler: Pick<Scheduler, 'after'>,
  { visibilityMs, receivesMax }: QueueOptions,
) => {
  let visible: Message[] = []
  const hidden = new Map<string, Message>()
  let sent = 0
  let dead = 0
  return {
    send: (body: string): void => {
      sent += 1
      visible.push({ id: `m${sent}`, body, receives: 0 })
    },
    receive: (most: number): readonly Message[] => {
      const taken: Message[] = []
      const rest = visible.length > most ? visible.splice(most) : []
      for (const message of visible) {
        if (message.receives >= receivesMax) {
          dead += 1
          continue
        }
        message.receives += 1
        hidden.set(message.id, message)
        taken.push(message)
      }
      visible = rest
      const receives = taken.map((message) => message.receives)
      if (taken.length > 0)
        scheduler.after(visibilityMs, () => {
          for (const [at, message] of taken.entries())
            if (message.receives === receives[at] && hidden.delete(message.id))
              visible.push(message)
        })
      return taken
    },
    /** When a message that was received comes again; else by the queue's own time-out. */
    putOff: (id: string, ms: number): void => {
      const message = hidden.get(id)
      const { receives } = message ?? {}
      if (message)
        scheduler.after(ms, () => {
          // Unless it came by itself meanwhile.
          if (message.receives === receives && hidden.delete(id)) visible.push(message)
        })
    },
    finish: (ids: Iterable<string>): void => {
      for (const id of ids) hidden.delete(id)
    },
    waiting: (): number => visible.length,
    size: (): number => visible.length + hidden.size,
    sent: (): number => sent,
    dead: (): number => dead,
  }
}

export type LightQueue = ReturnType<typeof createLightQueue>
