import {
  createAwsClients,
  createBucketChecker,
  createDynamoLedger,
  createFunctionChecker,
  createLambdaClient,
  createQueueChecker,
  createTableChecker,
  idempotencyTableDefinition,
  type Invoked,
  invokeMsMax,
  ledgerTableDefinition,
} from '@silversmith/aws'
import { createClickHouseChecker, parseClickHouseSettings, tablesOf } from '@silversmith/clickhouse'
import {
  type Check,
  type Checker,
  checksOf,
  functionSettings,
  inspectSettings,
  parseText,
  routeProblems,
  setting,
} from '@silversmith/core'
import { datasets, sqsMessages } from '@silversmith/datasets'
import { breakerCheckerOf } from './breaker-check.ts'
import { awsOf, type Deployment } from '../deployment/deployment.ts'
import { deploymentSettings } from '../deployment/deployment-settings.ts'

const nameOfFunction = (role: string): string => `${role.toUpperCase()}_FUNCTION_NAME`

const functionName = (role: string) =>
  setting<string | undefined>({
    ...{ name: nameOfFunction(role), parse: parseText, default: undefined },
    description: `name or ARN of the function ${role}, to be asked itself`,
  })

/** All that is looked at is found by these; what is not given is not looked at. */
const settings = {
  ...deploymentSettings.ledger,
  ...deploymentSettings.bronze,
  ...deploymentSettings.objects,
  ...deploymentSettings.deadLetters,
  ...deploymentSettings.targets,
  idempotencyTable: setting({
    name: 'IDEMPOTENCY_TABLE_NAME',
    aliases: ['IDEMPOTENCY_TABLE'],
    parse: parseText,
    required: true,
    description: 'table of what ingest sent',
  }),
  ingest: functionName('ingest'),
  transform: functionName('transform'),
  bulk: functionName('bulk'),
}

type Values = Partial<ReturnType<typeof inspectSettings<typeof settings>>['values']>

export interface DoctorRoom {
  readonly checkers: readonly Checker[]
  /** What the settings themselves say. */
  readonly checks: readonly Check[]
  close(): void
}

/** Everything there is to look at in a deployment, as far as its settings say where it is. */
export const openDoctorRoom = (deployment: Deployment, now: () => number): DoctorRoom => {
  const { values, problems } = inspectSettings(settings, deployment.settings) as {
    readonly values: Values
    readonly problems: readonly string[]
  }
  const clickHouse = values.targets?.includes('clickhouse')
    ? parseClickHouseSettings(deployment.settings)
    : undefined
  const all = [
    ...problems,
    ...routeProblems(values.routes ?? [], datasets),
    ...(clickHouse && 'problems' in clickHouse ? clickHouse.problems : []),
  ]
  const clients = createAwsClients(awsOf(deployment, valuesForAws(deployment)))
  const lambda = createLambdaClient({
    ...awsOf(deployment, valuesForAws(deployment)),
    ...{ requestTimeoutMs: invokeMsMax, attemptsMax: 1 },
  })
  const invoked = functionsOf(deployment, values)
  const ledger =
    values.ledgerTable === undefined
      ? undefined
      : createDynamoLedger({ client: clients.dynamodb, tableName: values.ledgerTable })
  return {
    checks: [
      ...(all.length === 0 ? [tellSettings(values)] : all.map(checkOfProblem)),
      ...unaskedOf(invoked),
    ],
    checkers: [
      ...bucketCheckers(clients, values),
      ...tableCheckers(clients, values),
      ...queuesOf(values).map((url) => createQueueChecker(clients.sqs, url, undefined)),
      ...(clickHouse && 'settings' in clickHouse
        ? [clickHouseChecker(clickHouse.settings, values)]
        : []),
      ...(ledger && values.pipeline !== undefined
        ? [breakerCheckerOf({ pipeline: values.pipeline, targets: values.targets, ledger, now })]
        : []),
      ...invoked.map((one) => createFunctionChecker(lambda, one)),
    ],
    close: () => {
      clients.destroy()
      lambda.destroy()
    },
  }
}

/** Of the functions' own defaults, where one of them is wrong. */
const valuesForAws = ({ settings: given }: Deployment) => {
  const { values } = inspectSettings(functionSettings, given)
  const byDefault = inspectSettings(functionSettings, {}).values
  return { ...byDefault, ...values }
}

type Clients = ReturnType<typeof createAwsClients>

/** It is a person who asks here; the functions say what their roles may do. */
const isOwn = false

const bucketCheckers = ({ s3 }: Clients, { buckets = [], silverBucket }: Values) => [
  ...buckets.map((name) => createBucketChecker(s3, name, { isWritten: false, isOwn })),
  ...(silverBucket === undefined
    ? []
    : [createBucketChecker(s3, silverBucket, { isWritten: true, isOwn })]),
]

const tableCheckers = ({ dynamodb }: Clients, { ledgerTable, idempotencyTable }: Values) =>
  [
    ledgerTable === undefined ? undefined : ledgerTableDefinition(ledgerTable),
    idempotencyTable === undefined ? undefined : idempotencyTableDefinition(idempotencyTable),
  ].flatMap((definition) =>
    definition ? [createTableChecker(dynamodb, definition, { isOwn })] : [],
  )

const queuesOf = ({
  arrivalsQueueUrl,
  objectsQueueUrl,
  bulkQueueUrl,
  messagesQueueUrls = [],
}: Values): readonly string[] =>
  [arrivalsQueueUrl, objectsQueueUrl, bulkQueueUrl, ...messagesQueueUrls].filter(
    (url) => url !== undefined,
  )

const clickHouseChecker = (
  clickHouse: Parameters<typeof createClickHouseChecker>[0]['settings'],
  { routes = [], messagesQueueUrls = [] }: Values,
): Checker => {
  const fed = datasets.filter(
    ({ name }) =>
      routes.some(({ dataset }) => dataset === name) ||
      (name === sqsMessages.name && messagesQueueUrls.length > 0),
  )
  const tables = tablesOf(fed, routes, clickHouse)
  return createClickHouseChecker({ settings: clickHouse, tables, role: 'writer' })
}

const roles = ['ingest', 'transform', 'bulk'] as const

/** Those of a local stack are called by what they are. */
const functionsOf = ({ stack }: Deployment, values: Values): readonly Invoked[] =>
  roles.flatMap((role) => {
    const name = stack ? role : values[role]
    return name === undefined ? [] : [{ name, role }]
  })

/** What only a function itself can tell of its role and its network is then not known. */
const unaskedOf = (invoked: readonly Invoked[]): readonly Check[] =>
  roles
    .filter((role) => !invoked.some((one) => one.role === role))
    .map((role) =>
      checksOf('function', role).unseen(
        `${role} was not asked: nobody says what it is called`,
        `set ${nameOfFunction(role)}, and ask again`,
      ),
    )

const check = checksOf('settings', 'settings')

const tellSettings = ({ pipeline, targets = [], routes = [] }: Values): Check =>
  check.ok(`pipeline ${pipeline}, targets ${targets.join(' and ')}, ${routes.length} routes`)

/** What is not said is no fault of a deployment that may not have it; nothing is known of it. */
const checkOfProblem = (problem: string): Check =>
  / is missing: /.test(problem)
    ? check.unseen(problem.replace(/ is missing: /, ' is not set, '), 'set it, and ask again')
    : check.wrong(problem, 'correct it where the functions have it from')
