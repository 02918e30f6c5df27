import { functionNames } from './bundles.ts'
import type { FunctionContext } from './functions.ts'
import { environmentOf } from './functions.ts'
import { region } from './lambda/invocation.ts'

/** Names whose values are secret or may hide a secret: a file is no place for them. */
const secretNames =
  /^(AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|CLICKHOUSE_(PASSWORD|SETTINGS))$/

/** The settings of all functions together, and those of the places beside them, without secrets. */
export const stackSettingsOf = (context: FunctionContext): Readonly<Record<string, string>> => {
  const { arrivals, bulk, objects } = context.resources
  const all = Object.assign({}, ...functionNames.map((name) => environmentOf(name, context)), {
    AWS_REGION: region,
    ARRIVALS_QUEUE_URL: arrivals.main.queueUrl,
    ARRIVALS_DLQ_URL: arrivals.dead.queueUrl,
    OBJECTS_DLQ_URL: objects.dead.queueUrl,
    BULK_DLQ_URL: bulk.dead.queueUrl,
  }) as Readonly<Record<string, string>>
  return Object.fromEntries(Object.entries(all).filter(([name]) => !secretNames.test(name)))
}
