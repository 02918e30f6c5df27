import { defaultLimits } from './limits.ts'
import { setting } from './setting.ts'
import { parseBytes, parseWhole } from './setting-parser.ts'

/** How much is read and put together at a time: of transform, and of whoever says what it would do. */
export const readingSettings = {
  objectBytesMax: setting({
    name: 'MAX_S3_OBJECT_BYTES',
    parse: parseBytes,
    default: defaultLimits.objectBytesMax,
    description: 'a larger object is sealed as too-large',
  }),
  recordBytesMax: setting({
    name: 'MAX_RECORD_BYTES',
    parse: parseBytes,
    default: defaultLimits.recordBytesMax,
    description:
      'a longer record is rejected; of an object of raw_objects only the body is left out',
  }),
  decompressedBytesMax: setting({
    name: 'MAX_DECOMPRESSED_BYTES',
    parse: parseBytes,
    default: defaultLimits.decompressedBytesMax,
    description: 'an object that unpacks to more is sealed as too-large',
  }),
  chunkRowsMax: setting({
    name: 'MAX_ROWS_PER_INSERT',
    parse: parseWhole(1),
    default: defaultLimits.chunkRowsMax,
    description: 'rows of one chunk, which is one INSERT',
  }),
  chunkBytesMax: setting({
    name: 'MAX_CHUNK_BYTES',
    parse: parseBytes,
    default: defaultLimits.chunkBytesMax,
    description: 'decoded bytes of one chunk',
  }),
}
