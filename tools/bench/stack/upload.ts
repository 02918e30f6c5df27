import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Stack } from '@silversmith/local'
import type { MadeObject } from './made-objects.ts'

/** As the rows of an object name it. */
export interface UploadedObject {
  readonly source: string
  readonly version: string
}

/** Resolves when S3 has it and its event is sent. */
export const upload = async (
  { clients, resources }: Stack,
  { key, body }: MadeObject,
  signal: AbortSignal,
): Promise<UploadedObject> => {
  const bucket = resources.bronzeBucket
  const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body })
  const { ETag, VersionId } = await clients.s3.send(put, { abortSignal: signal })
  return { source: `s3://${bucket}/${key}`, version: VersionId ?? ETag?.replaceAll('"', '') ?? '' }
}
