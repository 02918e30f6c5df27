import { setTimeout as sleep } from 'node:timers/promises'
import type { Stack } from '@silversmith/local'
import type { MadeObject } from '../stack/made-objects.ts'
import { upload, type UploadedObject } from '../stack/upload.ts'

export interface SteadyUploadOptions {
  readonly objects: Iterator<MadeObject, never>
  /** Objects per second. */
  readonly rate: number
  readonly seconds: number
  readonly signal: AbortSignal
  /** `dueAt`: when its upload had to begin, by `performance.now()`, which no setting of the clock moves. */
  readonly onUploaded: (object: UploadedObject, dueAt: number) => void
}

const uploadsMax = 64
/** Between looks for what is due. */
const tickMs = 5

/**
 * Uploads at a rate that does not ask whether the stack keeps up: each object has its time, and one that is late counts from
 * that time, not from when it was sent.
 */
export const uploadSteadily = async (stack: Stack, options: SteadyUploadOptions): Promise<void> => {
  const { objects, rate, seconds, signal, onUploaded } = options
  const count = Math.ceil(rate * seconds)
  const startedAt = performance.now()
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  for (let n = 0; n < count && failures.length === 0; n += 1) {
    const dueAt = startedAt + (n * 1_000) / rate
    while (performance.now() < dueAt) await sleep(tickMs, undefined, { signal })
    while (running.size >= uploadsMax) await Promise.race(running)
    const work: Promise<void> = upload(stack, objects.next().value, signal)
      .then((uploaded) => onUploaded(uploaded, dueAt))
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(work))
    running.add(work)
  }
  // None may go on while the stack ends.
  await Promise.all(running)
  if (failures.length > 0) throw failures[0]
}
