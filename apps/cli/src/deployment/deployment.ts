import type { AwsClients, AwsSettings } from '@silversmith/aws'
import {
  createAwsClients,
  createDynamoLedger,
  createS3Bronze,
  createS3Store,
} from '@silversmith/aws'
import { parseClickHouseSettings } from '@silversmith/clickhouse'
import type { ClickHouseSettings } from '@silversmith/clickhouse'
import type {
  Bronze,
  Environment,
  functionSettings,
  Ledger,
  Setting,
  SettingValues,
  Store,
} from '@silversmith/core'
import { awsSettingsOf, inspectSettings, routeProblems, settingsInvalid } from '@silversmith/core'
import { datasets } from '@silversmith/datasets'
import { defaultDir } from '../command.ts'
import { deploymentSettings } from './deployment-settings.ts'
import { findKeptStack, needKeptStack } from './kept-stack.ts'
import type { KeptStack } from './kept-stack.ts'
import { UsageError } from '../usage-error.ts'

/** Where a command is to work, before it is known whether that suffices. */
export interface Deployment {
  readonly settings: Environment
  /** Undefined: one the environment describes. */
  readonly stack: KeptStack | undefined
}

/** What may be secret and thus is not in the file of a stack. */
const personalNames = ['CLICKHOUSE_PASSWORD', 'CLICKHOUSE_SETTINGS']

/** What a stack is set to, and what of it only the person has. */
export const settingsOfStack = (stack: KeptStack, environment: Environment): Environment => {
  const personal = personalNames.map((name) => [name, environment[name]] as const)
  return { ...Object.fromEntries(personal), ...stack.settings }
}

const ofStack = (stack: KeptStack, environment: Environment): Deployment => ({
  stack,
  settings: settingsOfStack(stack, environment),
})

/**
 * The local stack in `dir` where one is asked for; else what the environment describes, by the settings of the functions; else
 * the local stack that runs in the usual place.
 *
 * @throws UsageError when no stack runs in the `dir` asked for.
 */
export const findDeployment = async (
  environment: Environment,
  dir: string | undefined,
): Promise<Deployment> => {
  if (dir !== undefined) return ofStack(await needKeptStack(dir), environment)
  const isDescribed = Boolean(environment[deploymentSettings.ledger.ledgerTable.name])
  const stack = isDescribed ? undefined : await findKeptStack(defaultDir)
  return stack ? ofStack(stack, environment) : { settings: environment, stack: undefined }
}

type Table = Readonly<Record<string, Setting<unknown>>>

const advice =
  'Set them as the functions have them; or start a local stack with npm start -- --keep, in another terminal, and name its --dir.'

/** Said where nothing at all describes a deployment: most likely somebody means the local stack, and it is not up. */
const noStack = `no local stack runs in ${defaultDir}, and the environment describes no deployment: `

/** Any of these says that the environment means a deployment. */
const describing = [
  deploymentSettings.ledger.ledgerTable.name,
  deploymentSettings.ledger.silverBucket.name,
  ...['CLICKHOUSE_URL', 'CLICKHOUSE_HOST'],
  ...['INGEST_FUNCTION_NAME', 'TRANSFORM_FUNCTION_NAME', 'BULK_FUNCTION_NAME'],
]

/** @throws UsageError where nothing says what is meant. */
export const needDescribed = ({ settings, stack }: Deployment): void => {
  if (stack !== undefined || describing.some((name) => settings[name]?.trim())) return
  throw new UsageError(`${noStack}none of ${describing.join(', ')} is set\n${advice}`)
}

/** @throws UsageError that lists every setting that is missing or wrong. */
export const readDeployment = <Part extends Table>(
  { settings, stack }: Deployment,
  part: Part,
): SettingValues<typeof deploymentSettings.ledger & Part> & {
  readonly clickHouse: ClickHouseSettings | undefined
} => {
  const table = { ...deploymentSettings.ledger, ...part }
  const { values, problems } = inspectSettings(table, settings)
  const { targets, routes } = values as {
    targets?: readonly string[]
    routes?: Parameters<typeof routeProblems>[0]
  }
  const clickHouse = targets?.includes('clickhouse') ? parseClickHouseSettings(settings) : undefined
  const all = [
    ...problems,
    ...routeProblems(routes ?? [], datasets),
    ...(clickHouse && 'problems' in clickHouse ? clickHouse.problems : []),
  ]
  if (all.length > 0) {
    const isDescribed = stack !== undefined || Boolean(settings[table.ledgerTable.name])
    const beginning = isDescribed ? '' : noStack
    throw new UsageError(`${beginning}${settingsInvalid(all).message}\n${advice}`)
  }
  return {
    ...(values as SettingValues<typeof deploymentSettings.ledger & Part>),
    clickHouse: clickHouse && 'settings' in clickHouse ? clickHouse.settings : undefined,
  }
}

/** The ports every command works with. */
export interface Cloud {
  readonly clients: AwsClients
  readonly ledger: Ledger
  readonly store: Store
  readonly bronze: Bronze
}

/** A local stack's own servers take any credentials; elsewhere the SDK finds those of the person. */
export const localCredentials = { accessKeyId: 'local', secretAccessKey: 'local' }

/** Of the functions' own settings; of a local stack its servers. */
export const awsOf = (
  { settings, stack }: Deployment,
  values: SettingValues<typeof functionSettings>,
): AwsSettings => {
  const ofFunctions = awsSettingsOf(values)
  if (stack === undefined) return ofFunctions
  return {
    ...ofFunctions,
    region: settings['AWS_REGION'],
    credentials: stack.credentials === 'any' ? localCredentials : undefined,
    endpoints: {
      s3: settings['AWS_ENDPOINT_URL_S3'],
      sqs: settings['AWS_ENDPOINT_URL_SQS'],
      dynamodb: settings['AWS_ENDPOINT_URL_DYNAMODB'],
      lambda: stack.invokeUrl,
    },
  }
}

/** `clients.destroy()` ends its connections. */
export const openCloud = (
  deployment: Deployment,
  values: SettingValues<typeof deploymentSettings.ledger>,
): Cloud => {
  const clients = createAwsClients(awsOf(deployment, values))
  const stallMs = values.s3ReadTimeoutMs
  return {
    clients,
    ledger: createDynamoLedger({ client: clients.dynamodb, tableName: values.ledgerTable }),
    store: createS3Store({ client: clients.s3, bucket: values.silverBucket, stallMs }),
    bronze: createS3Bronze({ client: clients.s3, stallMs }),
  }
}
