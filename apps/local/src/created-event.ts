import type { Uploaded } from './input/upload.ts'

/** What S3 sends of a creation; for a store that notifies nobody here. */
export const createdEventOf = (bucket: string, object: Uploaded): object => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  eventName: 'ObjectCreated:Put',
  s3: {
    bucket: { name: bucket },
    object: {
      key: encodeURIComponent(object.key).replaceAll('%2F', '/').replaceAll('%20', '+'),
      size: object.sizeBytes,
      eTag: object.etag,
      ...(object.versionId === undefined ? {} : { versionId: object.versionId }),
    },
  },
})
