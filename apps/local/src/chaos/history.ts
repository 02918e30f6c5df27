import { PutObjectCommand } from '@aws-sdk/client-s3'
import { PurgeQueueCommand } from '@aws-sdk/client-sqs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Stack } from '../stack.ts'
import { expect } from './expectation.ts'
import type { Expectation } from './expectation.ts'
import type { Load } from './load.ts'
import { makeObjects } from './made-object.ts'

/** Objects that were there before, and their events are lost: a job loads them. */
export const historyPrefix = 'section/history/'

/** Before the stack starts. */
export const uploadHistory = async (
  stack: Stack,
  { seed, objects, signal }: { seed: number; objects: number; signal: AbortSignal },
): Promise<Load> => {
  const { s3, sqs } = stack.clients
  const bucket = stack.resources.bronzeBucket
  const expected: Expectation[] = []
  const made = makeObjects(seed)
  while (expected.length < objects) {
    const { key: name, body } = made.next().value
    const key = name.replace(/^section\//, historyPrefix)
    const { VersionId: version } = await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }),
      { abortSignal: signal },
    )
    if (version === undefined) throw new Error(`${bucket} keeps no versions`)
    expected.push(expect({ key, body, source: `s3://${bucket}/${key}`, version }))
  }
  await stack.notifier.flush()
  const { queueUrl: QueueUrl } = stack.resources.arrivals.main
  await sqs.send(new PurgeQueueCommand({ QueueUrl }))
  return {
    objects,
    rows: new Set(expected.flatMap(({ rows }) => rows)),
    quarantine: new Set(expected.flatMap(({ quarantine }) => quarantine)),
  }
}

/** How the command ended. */
export interface BackfillEnd {
  readonly code: number | null
  /** Of its report. */
  readonly objects: number
  readonly succeeded: number
  readonly seconds: number
  /** What it waited for last. */
  readonly problem: string | null
}

const cli = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url))

interface EndLine {
  readonly sum: { readonly objects: number; readonly succeeded: number }
  readonly seconds: number
  readonly problem: string | null
}

/** `silversmith backfill run` of the history, with a budget. @throws what it printed, when it ended without a sum. */
export const runBackfill = async (
  stack: Stack,
  objectsPerSecond: number,
  signal: AbortSignal,
): Promise<BackfillEnd> => {
  const asked = ['--prefix', historyPrefix, '--job', 'history', '--yes', '--json']
  const slowly = ['--objects-per-second', String(objectsPerSecond)]
  const args = [cli, 'backfill', 'run', ...asked, ...slowly, '--dir', stack.dir]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    ...{ stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' },
  })
  let stderr = ''
  let last = ''
  child.stdout.on('data', (part: Buffer) => (last = lastLineOf(last + part.toString())))
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
  await once(child, 'close')
  if (!last.startsWith('{"kind":"end"')) throw new Error(`backfill run: ${stderr || last}`)
  const { sum, seconds, problem } = JSON.parse(last) as EndLine
  const { objects, succeeded } = sum
  return { code: child.exitCode, objects, succeeded, seconds, problem }
}

/** What comes after the last line that is whole, or that line. */
const lastLineOf = (text: string): string => {
  const start = text.lastIndexOf('\n', text.length - 2)
  return text.slice(start + 1)
}
