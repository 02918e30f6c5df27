import { PutObjectCommand } from '@aws-sdk/client-s3'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stack } from '../stack.ts'
import { expect } from './expectation.ts'
import type { Due } from './judgement.ts'
import { makeObjects } from './made-object.ts'

/** What was uploaded, and what must come of it. */
export interface Load extends Due {
  readonly objects: number
}

export interface LoadOptions {
  readonly stack: Stack
  readonly seed: number
  readonly seconds: number
  readonly onProgress: (load: Load) => void
  readonly signal: AbortSignal
}

export const objectsPerSecond = 14
/** Between two rounds; what is due by then is uploaded, and its events sent. */
const roundMs = 500

/** Uploads all objects of the seed, evenly over the time; the same ones however slow the machine is. */
export const uploadLoad = async (options: LoadOptions): Promise<Load> => {
  const { stack, seed, seconds, onProgress, signal } = options
  const { s3 } = stack.clients
  const bucket = stack.resources.bronzeBucket
  const rows = new Set<string>()
  const quarantine = new Set<string>()
  const made = makeObjects(seed)
  const count = Math.ceil(seconds * objectsPerSecond)
  const startedAt = Date.now()
  let objects = 0
  while (objects < count) {
    const due = Math.min(count, ((Date.now() - startedAt + roundMs) / 1_000) * objectsPerSecond)
    for (; objects < due; objects++) {
      const { key, body } = made.next().value
      const { VersionId: version } = await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }),
        { abortSignal: signal },
      )
      if (version === undefined) throw new Error(`${bucket} keeps no versions`)
      const expected = expect({ key, body, source: `s3://${bucket}/${key}`, version })
      for (const row of expected.rows) rows.add(row)
      for (const record of expected.quarantine) quarantine.add(record)
    }
    await stack.notifier.flush()
    onProgress({ objects, rows, quarantine })
    await sleep(roundMs, undefined, { signal })
  }
  return { objects, rows, quarantine }
}
