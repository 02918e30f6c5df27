import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe } from 'vitest'

import { describeBuckets } from './contract/buckets.ts'
import { describeConditionalWrites } from './contract/conditional-writes.ts'
import { describeCopies } from './contract/copies.ts'
import { describeListings } from './contract/listings.ts'
import { describeMultipartUploads } from './contract/multipart-uploads.ts'
import { describeObjects } from './contract/objects.ts'
import { describeVersions } from './contract/versions.ts'
import type { Behaviour, Room } from './contract/room.ts'
import { createRoom } from './contract/room.ts'

export interface S3UnderTest {
  readonly client: S3Client
  close(): Promise<void>
}

const areas: readonly ((room: Room) => void)[] = [
  describeBuckets,
  describeObjects,
  describeConditionalWrites,
  describeCopies,
  describeListings,
  describeVersions,
  describeMultipartUploads,
]

/** The S3 this house relies on, told through the SDK's client alone: any S3 should pass. */
export const describeS3 = (
  name: string,
  makeS3: () => Promise<S3UnderTest>,
  leave: readonly Behaviour[] = [],
): void => {
  describe(`S3 contract on ${name}`, () => {
    let s3: S3UnderTest
    beforeAll(async () => {
      s3 = await makeS3()
    })
    afterAll(() => s3?.close())
    for (const describeArea of areas) describeArea(createRoom(() => s3.client, leave))
  })
}
