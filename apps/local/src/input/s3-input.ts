import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import type { InputObject } from './input-object.ts'
import { UsageError } from '../usage-error.ts'

const pattern = /^s3:\/\/([^/]+)(?:\/(.*))?$/

export const isS3Input = (input: string): boolean => input.startsWith('s3://')

const failureOf = (input: string, error: unknown): UsageError =>
  new UsageError(
    `--input ${input}: ${(error as Error).name}: ${(error as Error).message}; it is read with the credentials and region of your environment`,
    { cause: error },
  )

/** Objects below `s3://bucket/prefix`, with the person's own credentials. Nothing is ever written there. */
export async function* listS3Input(input: string): AsyncGenerator<InputObject> {
  const [, bucket, prefix = ''] = pattern.exec(input) ?? []
  if (bucket === undefined) throw new UsageError(`--input ${input}: write s3://bucket/prefix`)
  const s3 = new S3Client({
    region: process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    followRegionRedirects: true,
    forcePathStyle: process.env['AWS_ENDPOINT_URL_S3'] !== undefined,
  })
  async function* open(key: string): AsyncGenerator<Uint8Array> {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      yield* Body as unknown as AsyncIterable<Uint8Array>
    } catch (error) {
      throw failureOf(`s3://${bucket}/${key}`, error)
    }
  }
  try {
    for await (const page of paginateListObjectsV2(
      { client: s3 },
      { Bucket: bucket, Prefix: prefix },
    ))
      for (const { Key: key, Size: sizeBytes } of page.Contents ?? []) {
        // Folders of the console: names without content.
        if (key === undefined || (key.endsWith('/') && sizeBytes === 0)) continue
        yield { key, sizeBytes, origin: `s3://${bucket}/${key}`, open: () => open(key) }
      }
  } catch (error) {
    throw error instanceof UsageError ? error : failureOf(input, error)
  }
}
