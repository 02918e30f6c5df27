import type { CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DescribeTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { Check, Checker } from '@silversmith/core'
import { checksOf } from '@silversmith/core'
import { withinTime } from '../back-off.ts'
import { errorNameOf } from '../vendor-fault.ts'
import { checkMsMax, checkOfFailure } from './call-check.ts'

/**
 * Compares a table with its definition, and asks by a write that cannot land whether one would be allowed. `isOwn`: who asks is
 * who works with it, so that what is not allowed is wrong.
 */
export const createTableChecker =
  (
    client: DynamoDBClient,
    definition: CreateTableCommandInput,
    { isOwn = true }: { readonly isOwn?: boolean } = {},
  ): Checker =>
  async (signal) => {
    const name = definition.TableName ?? ''
    const within = () => ({ abortSignal: withinTime(signal, checkMsMax) })
    return [
      await checkShape(client, definition, name, within),
      ...(await checkWrite(client, definition, isOwn, within)),
    ]
  }

type Within = () => { readonly abortSignal: AbortSignal }

const checkShape = async (
  client: DynamoDBClient,
  definition: CreateTableCommandInput,
  name: string,
  within: Within,
): Promise<Check> => {
  const check = checksOf('dynamodb', name)
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }), within())
    const differences = [
      ...keyDifferences('its key', definition.KeySchema, Table?.KeySchema),
      ...(definition.GlobalSecondaryIndexes ?? []).flatMap(({ IndexName, KeySchema }) => {
        const there = Table?.GlobalSecondaryIndexes?.find((index) => index.IndexName === IndexName)
        return keyDifferences(`index ${IndexName}`, KeySchema, there?.KeySchema)
      }),
    ]
    if (differences.length > 0)
      return check.wrong(
        `table ${name} is not as it must be: ${differences.join('; ')}`,
        'correct its name, or make the table as terraform declares it',
      )
    const status = Table?.TableStatus ?? 'unknown'
    return status === 'ACTIVE' || status === 'UPDATING'
      ? check.ok('is there, with its keys')
      : check.wrong(`table ${name} is ${status}`, 'wait until it is ACTIVE, or make it again')
  } catch (error) {
    const call = { what: `looking at table ${name}`, permission: 'dynamodb:DescribeTable' }
    return checkOfFailure(check, error, { ...call, isNeeded: false })
  }
}

type Keys = readonly {
  readonly AttributeName?: string | undefined
  readonly KeyType?: string | undefined
}[]

const keyDifferences = (
  what: string,
  wanted: Keys = [],
  there: Keys | undefined,
): readonly string[] => {
  const tell = (keys: Keys): string =>
    keys.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`).join(', ')
  if (there === undefined) return [`${what} (${tell(wanted)}) is missing`]
  return tell(there) === tell(wanted) ? [] : [`${what} is ${tell(there)}, not ${tell(wanted)}`]
}

/** Nothing where a write would be allowed: then the shape says all. */
const checkWrite = async (
  client: DynamoDBClient,
  { TableName: name = '', KeySchema = [] }: CreateTableCommandInput,
  isOwn: boolean,
  within: Within,
): Promise<readonly Check[]> => {
  const key = KeySchema[0]?.AttributeName ?? ''
  const put = new PutItemCommand({
    ...{ TableName: name, Item: { [key]: { S: 'checkup' } } },
    ConditionExpression: 'attribute_exists(#key) AND attribute_not_exists(#key)',
    ExpressionAttributeNames: { '#key': key },
  })
  try {
    await client.send(put, within())
    return []
  } catch (error) {
    // A table that is not there was told already.
    const told = ['ConditionalCheckFailedException', 'ResourceNotFoundException']
    if (told.includes(errorNameOf(error))) return []
    const call = { what: `writing to table ${name}`, permission: 'dynamodb:PutItem' }
    return [checkOfFailure(checksOf('dynamodb', name), error, { ...call, isNeeded: isOwn })]
  }
}
