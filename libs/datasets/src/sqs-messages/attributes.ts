import { createHash } from 'node:crypto'
import { firstIdentityAttribute, type StructType, type Value } from '@silversmith/core'
import { isAbsent, isObject, type JsonObject } from '../json.ts'
import { pathText, type Rescue } from '../path.ts'
import { readPlainText } from '../read.ts'

/** A message attribute. Lists are part of the shape SQS reserves for them; it fills them for nobody yet. */
export const attributeType: StructType = {
  struct: {
    string_value: { type: 'text', nullable: true },
    binary_value: { type: 'binary', nullable: true },
    string_list_values: { type: { list: { type: 'text', nullable: false } }, nullable: false },
    binary_list_values: { type: { list: { type: 'binary', nullable: false } }, nullable: false },
    data_type: { type: 'text', nullable: true },
  },
}

/** The bytes themselves; undefined for what is no base64, rather than the bytes of a part of it. */
const readBase64 = (value: unknown): Uint8Array | undefined => {
  if (typeof value !== 'string') return undefined
  const bytes = Buffer.from(value, 'base64')
  return bytes.toString('base64') === value ? bytes : undefined
}

type ReadOne<Item> = (value: unknown) => Item | undefined

const oneOf = <Item>(
  value: unknown,
  read: ReadOne<Item>,
  path: string,
  rescue: Rescue,
): Item | null => {
  if (isAbsent(value)) return null
  const one = read(value)
  if (one === undefined) rescue(path, value)
  return one ?? null
}

/** All or none: an item left out would move the others. */
const listOf = <Item>(
  value: unknown,
  read: ReadOne<Item>,
  path: string,
  rescue: Rescue,
): readonly Item[] => {
  if (isAbsent(value)) return []
  const items = Array.isArray(value) ? value.map(read) : [undefined]
  if (items.every((item) => item !== undefined)) return items
  rescue(path, value)
  return []
}

const readAttribute = (attribute: JsonObject, name: string, rescue: Rescue): Value => {
  const at = (key: string): string => pathText(['messageAttributes', name, key])
  const { stringValue, binaryValue, stringListValues, binaryListValues, dataType, ...rest } =
    attribute
  for (const [key, value] of Object.entries(rest)) if (!isAbsent(value)) rescue(at(key), value)
  return {
    string_value: oneOf(stringValue, readPlainText, at('stringValue'), rescue),
    binary_value: oneOf(binaryValue, readBase64, at('binaryValue'), rescue),
    string_list_values: listOf(stringListValues, readPlainText, at('stringListValues'), rescue),
    binary_list_values: listOf(binaryListValues, readBase64, at('binaryListValues'), rescue),
    data_type: oneOf(dataType, readPlainText, at('dataType'), rescue),
  }
}

const entriesOf = (record: JsonObject, name: string, rescue: Rescue): [string, unknown][] => {
  const value = record[name]
  if (!isObject(value)) {
    if (!isAbsent(value)) rescue(name, value)
    return []
  }
  return Object.entries(value).filter(([key, one]) => {
    const isText = readPlainText(key) !== undefined
    if (!isText) rescue(pathText([name, key]), one)
    return isText
  })
}

/** SQS' own attributes, text all of them. */
export const systemAttributes = (record: JsonObject, rescue: Rescue): Value => {
  const found = new Map<string, Value>()
  for (const [name, value] of entriesOf(record, 'attributes', rescue)) {
    const text = oneOf(value, readPlainText, pathText(['attributes', name]), rescue)
    if (text !== null) found.set(name, text)
  }
  return found
}

/** The sender's attributes; `isRedriven`: one of them is ours. */
export const messageAttributes = (
  record: JsonObject,
  isRedriven: boolean,
  rescue: Rescue,
): Value => {
  const found = new Map<string, Value>()
  for (const [name, value] of entriesOf(record, 'messageAttributes', rescue)) {
    if (isRedriven && name === firstIdentityAttribute) continue
    if (isObject(value)) found.set(name, readAttribute(value, name, rescue))
    else rescue(pathText(['messageAttributes', name]), value)
  }
  return found
}

const stringTransport = Buffer.from([1])
const binaryTransport = Buffer.from([2])

/**
 * What SQS told the sender before a redrive of ours added its attribute; null for none, as from SQS. Undefined where an
 * attribute is of no kind that SQS has.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export const md5OfSenders = (attributes: unknown): string | null | undefined => {
  const senders = Object.entries(isObject(attributes) ? attributes : {})
    .filter(([name]) => name !== firstIdentityAttribute)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  if (senders.length === 0) return null
  const hash = createHash('md5')
  const add = (bytes: Uint8Array): void => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  for (const [name, value] of senders) {
    if (!isObject(value) || typeof value['dataType'] !== 'string') return undefined
    const text = readPlainText(value['stringValue'])
    const bytes = text === undefined ? readBase64(value['binaryValue']) : Buffer.from(text)
    if (!bytes) return undefined
    add(Buffer.from(name))
    add(Buffer.from(value['dataType']))
    hash.update(text === undefined ? binaryTransport : stringTransport)
    add(bytes)
  }
  return hash.digest('hex')
}
