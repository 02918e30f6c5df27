import { firstIdentityAttribute, type MessageFacts } from './source.ts'

/**
 * Who a message is, from its record as an event source mapping of Lambda hands it over. Undefined: it has no id, or does not
 * name its queue. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
export const readMessageFacts = (record: unknown): MessageFacts | undefined => {
  const messageId = textAt(record, 'messageId')
  const queueArn = textAt(record, 'eventSourceARN')
  if (!messageId || !queueArn) return undefined
  return {
    ...{ messageId, queueArn },
    deadLetterQueueSourceArn: textAt(record, 'attributes', 'DeadLetterQueueSourceArn'),
    firstIdentity: textAt(record, 'messageAttributes', firstIdentityAttribute, 'stringValue'),
  }
}

const textAt = (record: unknown, ...path: readonly string[]): string | undefined => {
  let found = record
  for (const key of path)
    found =
      typeof found === 'object' && found !== null && Object.hasOwn(found, key)
        ? (found as Readonly<Record<string, unknown>>)[key]
        : undefined
  return typeof found === 'string' ? found : undefined
}
