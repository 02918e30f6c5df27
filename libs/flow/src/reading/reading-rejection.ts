/** Why a record of any dataset may be rejected, beside the reasons of its mapping. */
export const readingRejections = {
  invalid_json: 'it is no JSON',
  invalid_utf8: 'its bytes are no UTF-8',
  record_too_large: 'it is longer than a record may be; the first 64 KiB are kept',
  truncated_document: 'the object ends in the middle of it',
  truncated_array: 'the object ends before the array does; the records before are rows',
  too_many_rows: 'its mapping makes more than 10 000 rows of it, of all tables together',
  contract_breach: 'the contract is freeze, and it has a value that fits no column',
  mapping_failed:
    'the mapping throws, or makes a value its column cannot hold: a bug of the dataset',
} as const

export type ReadingReason = keyof typeof readingRejections
