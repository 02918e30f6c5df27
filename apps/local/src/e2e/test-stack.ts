import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { ManifestSource, MessageRef, Route } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { drain } from '../drain.ts'
import { readHistory } from '../account/history.ts'
import { writeReport } from '../account/report.ts'
import type { Report } from '../account/report.ts'
import { startStack } from '../stack.ts'
import type { Stack, Tuning } from '../stack.ts'
import type { Uploaded } from '../input/upload.ts'

export interface TestStackOptions {
  readonly routes: readonly Route[]
  /** Settings of the functions. */
  readonly environment: Readonly<Record<string, string>>
  readonly tuning?: Tuning
  /** One when absent. */
  readonly duplicateEvents?: number
}

/** The whole stack with both targets in a folder of its own, for one test file. */
export interface TestStack {
  readonly stack: Stack
  /** Everything the functions printed. */
  readonly lines: readonly string[]
  upload(key: string, body: Uint8Array, contentEncoding?: string): Promise<Uploaded>
  /** Waits until nothing is left to do, and counts. */
  account(
    uploaded: readonly Uploaded[],
    sent?: readonly MessageRef[],
  ): Promise<{ readonly report: Report; readonly problems: readonly string[] }>
  /** Every source of every sealed batch. */
  listSources(): Promise<readonly ManifestSource[]>
  /** Rows of a SELECT at the embedded engine. */
  query<Row>(statement: string): Promise<readonly Row[]>
  close(): Promise<void>
}

const drainMs = 900_000

/** Nothing moves before `stack.start()`. */
export const startTestStack = async (options: TestStackOptions): Promise<TestStack> => {
  const dir = await mkdtemp(join(tmpdir(), 'silversmith-stack-'))
  const lines: string[] = []
  const ending = new AbortController()
  const { signal } = ending
  const stack = await startStack({
    dir,
    targets: ['silver', 'clickhouse'],
    routes: options.routes,
    tables: datasets.flatMap(({ tables }) => tables),
    duplicateEvents: options.duplicateEvents ?? 1,
    migrate: false,
    environment: options.environment,
    onInitFailure: (name, { errorMessage }) =>
      ending.abort(new Error(`${name} could not start: ${errorMessage}`)),
    onLine: (_, line) => lines.push(line),
    signal,
    ...(options.tuning && { tuning: options.tuning }),
  })
  return {
    stack,
    lines,
    upload: async (key, body, contentEncoding) => {
      const Bucket = stack.resources.bronzeBucket
      const put = { Bucket, Key: key, Body: body, ContentEncoding: contentEncoding }
      const { VersionId: versionId, ETag } = await stack.clients.s3.send(new PutObjectCommand(put))
      const etag = ETag?.replaceAll('"', '') ?? ''
      return { key, version: versionId ?? etag, versionId, etag, sizeBytes: body.length }
    },
    account: async (uploaded, sent = []) => {
      const until = AbortSignal.any([signal, AbortSignal.timeout(drainMs)])
      const { dead } = await drain(stack, { onStatus: () => undefined, signal: until })
      const startedAt = Date.now()
      const none = { before: new Set<string>(), keep: false, signal }
      return writeReport(stack, { ...none, datasets, uploaded, sent, dead, startedAt })
    },
    listSources: async () =>
      (await readHistory(stack, signal)).flatMap(({ manifest }) => manifest.sources),
    query: async <Row>(statement: string) => {
      if (!stack.warehouse) throw new Error('the stack was started without ClickHouse')
      return stack.warehouse.connection.query<Row>({ statement, what: 'the test' }, signal)
    },
    close: async () => {
      await stack.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
