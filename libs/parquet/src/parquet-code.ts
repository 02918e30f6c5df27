/** Numbers of parquet.thrift's enumerations, as far as this writer needs them. */
export const codes = {
  type: { BOOLEAN: 0, INT32: 1, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6 },
  converted: { UTF8: 0, TIMESTAMP_MICROS: 10, UINT_32: 13, UINT_64: 14 },
  repetition: { REQUIRED: 0, OPTIONAL: 1 },
  encoding: { PLAIN: 0, RLE: 3, RLE_DICTIONARY: 8 },
  codec: { UNCOMPRESSED: 0, SNAPPY: 1, GZIP: 2 },
  page: { DATA_PAGE: 0, DICTIONARY_PAGE: 2 },
} as const
