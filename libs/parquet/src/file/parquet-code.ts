/** Numbers of parquet.thrift's enumerations, as far as this writer needs them. */
export const codes = {
  type: { BOOLEAN: 0, INT32: 1, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6, FIXED_LEN_BYTE_ARRAY: 7 },
  converted: {
    ...{ UTF8: 0, MAP: 1, LIST: 3, DECIMAL: 5, DATE: 6, TIMESTAMP_MICROS: 10 },
    ...{ UINT_32: 13, UINT_64: 14 },
  },
  repetition: { REQUIRED: 0, OPTIONAL: 1, REPEATED: 2 },
  encoding: { PLAIN: 0, RLE: 3, RLE_DICTIONARY: 8 },
  codec: { UNCOMPRESSED: 0, SNAPPY: 1, GZIP: 2, ZSTD: 6 },
  page: { DATA_PAGE: 0, DICTIONARY_PAGE: 2 },
} as const
