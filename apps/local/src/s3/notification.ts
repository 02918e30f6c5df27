import { randomBytes } from 'node:crypto'

import { encodeKey } from './encoded-key.ts'
import type { S3Request } from './request.ts'

export type NotificationName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectRemoved:DeleteMarkerCreated'

/** One element of `Records` of a native S3 notification (S3 user guide, "Event message structure"). */
export interface S3Notification {
  readonly eventVersion: '2.1'
  readonly eventSource: 'aws:s3'
  readonly awsRegion: string
  /** ISO, milliseconds. */
  readonly eventTime: string
  readonly eventName: NotificationName
  readonly userIdentity: { readonly principalId: string }
  readonly requestParameters: { readonly sourceIPAddress: string }
  readonly responseElements: { readonly 'x-amz-request-id': string; readonly 'x-amz-id-2': string }
  readonly s3: {
    readonly s3SchemaVersion: '1.0'
    readonly configurationId: string
    readonly bucket: {
      readonly name: string
      readonly ownerIdentity: { readonly principalId: string }
      readonly arn: string
    }
    readonly object: {
      /** Form-url-encoded, `/` kept. */
      readonly key: string
      /** Bytes; absent for removals. */
      readonly size?: number
      /** Without quotes; absent for removals of a version. */
      readonly eTag?: string
      /** Absent unless the bucket is versioned. */
      readonly versionId?: string
      /** Upper-case hex; of two of one key the greater is the later. */
      readonly sequencer: string
    }
  }
}

/**
 * Called after each creation and removal, before the request is answered: what a client was told is there has been
 * notified. A rejection turns the answer into InternalError although the change stands, like a lost answer.
 */
export type OnNotification = (notification: S3Notification) => void | Promise<void>

export interface Happening {
  readonly name: NotificationName
  readonly bucket: string
  readonly key: string
  readonly sequence: number
  /** Epoch ms. */
  readonly at: number
  readonly sizeBytes?: number | undefined
  readonly etag?: string | undefined
  /** `null` (the text) counts as none. */
  readonly versionId?: string | undefined
}

const principalId = 'A1LOCAL0000000'

export const writeNotification = (
  happening: Happening,
  request: S3Request,
  region: string,
): S3Notification => {
  const { versionId } = happening
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: new Date(happening.at).toISOString(),
    eventName: happening.name,
    userIdentity: { principalId },
    requestParameters: { sourceIPAddress: request.clientAddress },
    responseElements: {
      'x-amz-request-id': request.id,
      'x-amz-id-2': randomBytes(24).toString('base64'),
    },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'local',
      bucket: {
        name: happening.bucket,
        ownerIdentity: { principalId },
        arn: `arn:aws:s3:::${happening.bucket}`,
      },
      object: {
        key: encodeKey(happening.key),
        ...(happening.sizeBytes === undefined ? {} : { size: happening.sizeBytes }),
        ...(happening.etag === undefined ? {} : { eTag: happening.etag }),
        ...(versionId === undefined || versionId === 'null' ? {} : { versionId }),
        sequencer: happening.sequence.toString(16).toUpperCase().padStart(18, '0'),
      },
    },
  }
}
