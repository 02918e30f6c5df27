const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Ids of the messages that failed, out of `sent`, by what the function answered under ReportBatchItemFailures.
 * Nothing said, or an empty list: all succeeded. Anything that cannot be understood, and an id that was not sent: all failed.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export const readFailedIds = (payload: string, sent: ReadonlySet<string>): ReadonlySet<string> => {
  const nothing: ReadonlySet<string> = new Set()
  if (payload === '') return nothing
  const response = parse(payload)
  if (response === null) return nothing
  if (!isObject(response)) return sent
  const failures = response['batchItemFailures']
  if (failures === undefined || failures === null) return nothing
  if (!Array.isArray(failures)) return sent
  const failed = new Set<string>()
  for (const failure of failures as readonly unknown[]) {
    const id = isObject(failure) ? failure['itemIdentifier'] : undefined
    if (typeof id !== 'string' || !sent.has(id)) return sent
    failed.add(id)
  }
  return failed
}
