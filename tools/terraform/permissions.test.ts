import { describe, expect, test } from 'vitest'
import { buildFunction, type FunctionName, functionNames } from '../bundle.ts'
import { permissions, type Statement } from './pipeline-data.ts'

/** Command of the SDK → the action IAM knows it by. */
const actions: Readonly<Record<string, string>> = {
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  BatchGetItem: 'dynamodb:BatchGetItem',
  ChangeMessageVisibilityBatch: 'sqs:ChangeMessageVisibility',
  CompleteMultipartUpload: 's3:PutObject',
  CopyObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  DeleteItem: 'dynamodb:DeleteItem',
  DeleteObject: 's3:DeleteObject',
  DeleteObjects: 's3:DeleteObject',
  DescribeTable: 'dynamodb:DescribeTable',
  GetItem: 'dynamodb:GetItem',
  GetObject: 's3:GetObject',
  GetQueueAttributes: 'sqs:GetQueueAttributes',
  GetQueueUrl: 'sqs:GetQueueUrl',
  GetBucketVersioning: 's3:GetBucketVersioning',
  GetSecretValue: 'secretsmanager:GetSecretValue',
  HeadBucket: 's3:ListBucket',
  HeadObject: 's3:GetObject',
  ListObjectVersions: 's3:ListBucketVersions',
  ListObjectsV2: 's3:ListBucket',
  PutItem: 'dynamodb:PutItem',
  PutObject: 's3:PutObject',
  Query: 'dynamodb:Query',
  Scan: 'dynamodb:Scan',
  SendMessageBatch: 'sqs:SendMessage',
  UpdateItem: 'dynamodb:UpdateItem',
  UploadPartCopy: 's3:PutObject',
}

/** Of the libraries: no code of ours asks for them. */
const unasked: Readonly<Record<string, string>> = {
  CreateSession: 'the S3 client calls it for directory buckets alone',
  DescribeEndpoints: 'DynamoDB has no endpoints to be discovered',
}

const copies = 'only the command copies: ingest reads the marks of copies'
const maps = 'Bronze.stateOf is of jobs that a Distributed Map walks'
const probe = 'a bucket is written to by doctor where the function itself writes: not of ingest'

/** What is in a bundle because something beside it is, and is never called there. */
const uncalled: Readonly<Record<FunctionName, Readonly<Record<string, string>>>> = {
  ingest: {
    AbortMultipartUpload: copies,
    CompleteMultipartUpload: copies,
    CopyObject: copies,
    CreateMultipartUpload: copies,
    UploadPartCopy: copies,
    DeleteObject: probe,
    PutObject: probe,
    GetBucketVersioning: maps,
    ListObjectVersions: 'ingest lists nothing: Bronze.list is of bulk',
  },
  transform: {
    GetBucketVersioning: maps,
    ListObjectVersions:
      'transform lists no versions: Bronze.list is of bulk, Store.purge of erasures',
    Query: 'Ledger.listOpen is of the sweep',
    Scan: 'a paginator of the library',
  },
  bulk: {
    CopyObject: 'Store.copy is of transform: bulk sends batches, and applies none',
    Scan: 'a paginator of the library',
  },
}

/** Granted though no command of the bundle is called so. */
const beside: Readonly<Record<string, string>> = {
  's3:GetObjectVersion': 'GetObject and HeadObject of a version',
  'sqs:ReceiveMessage': "the mapping's, by the role of the function",
  'sqs:DeleteMessage': "the mapping's",
  'logs:CreateLogStream': "Lambda's, for the log",
  'logs:PutLogEvents': "Lambda's, for the log",
  'xray:PutTraceSegments': "Lambda's and the tracer's",
  'xray:PutTelemetryRecords': "Lambda's",
  'kms:Decrypt': "S3's and SQS', for what a key of KMS encrypts",
  'kms:GenerateDataKey': "S3's, to write it",
}
const ofLambda = /^ec2:/

const statementsOf = (name: FunctionName): readonly Statement[] => [
  ...permissions.every,
  ...permissions[name],
]

const commandsOf = async (name: FunctionName): Promise<readonly string[]> => {
  const { metafile } = await buildFunction(name)
  const inside = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : [])),
  )
  const found = inside.flatMap((path) => {
    const command = /@aws-sdk\/client-[a-z0-9-]+\/.*\/commands\/(\w+)Command\.js$/.exec(path)?.[1]
    return command === undefined || command in unasked ? [] : command
  })
  return [...new Set(found)].toSorted()
}

describe.each(functionNames)('the role of %s', (name) => {
  const granted = [...new Set(statementsOf(name).flatMap((one) => one.actions))]

  test('may do what its bundle calls, and nothing else', async () => {
    const commands = await commandsOf(name)
    expect(commands.filter((command) => !(command in actions))).toEqual([])
    expect(Object.keys(uncalled[name]).filter((one) => !commands.includes(one))).toEqual([])
    const called = commands.filter((command) => !(command in uncalled[name]))
    const needed = new Set(called.map((command) => actions[command] ?? command))
    expect([...needed].filter((action) => !granted.includes(action))).toEqual([])
    expect(
      granted.filter(
        (action) => !needed.has(action) && !(action in beside) && !ofLambda.test(action),
      ),
    ).toEqual([])
  })

  test('names what it may do it to, or says why it cannot', () => {
    for (const { id, actions: some, resources, why } of statementsOf(name)) {
      expect(id).toMatch(/^[A-Za-z0-9]+$/)
      expect(some.filter((action) => !/^[a-z0-9]+:[A-Z][A-Za-z]+$/.test(action))).toEqual([])
      expect(resources.length).toBeGreaterThan(0)
      expect(resources.some((one) => one.startsWith('*'))).toBe(why !== undefined)
    }
  })

  test('has each statement once', () => {
    const ids = statementsOf(name).map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)])
  })
})

/** What is allowed, a line for a thing: to be read, and to be changed on purpose. */
const listing = (statements: readonly Statement[]): readonly string[] =>
  statements
    .flatMap((one) =>
      one.resources.map((thing) => `${thing}: ${one.actions.map(withoutService).join(' ')}`),
    )
    .toSorted()

const withoutService = (action: string): string => action.replace(/^.*:/, '')

test('all roles', () => {
  const listed = Object.fromEntries(
    Object.entries(permissions).map(([name, statements]) => [name, listing(statements)]),
  )
  expect(listed).toEqual({
    every: [
      '* in a network: CreateNetworkInterface DescribeNetworkInterfaces DescribeSubnets DeleteNetworkInterface AssignPrivateIpAddresses UnassignPrivateIpAddresses',
      '* where traced: PutTraceSegments PutTelemetryRecords',
      'keys: Decrypt GenerateDataKey',
      'log: CreateLogStream PutLogEvents',
    ],
    ingest: [
      'bronze/*: GetObject GetObjectVersion',
      'bronze: ListBucket',
      'queue arrivals: ReceiveMessage DeleteMessage GetQueueAttributes',
      'queue objects: SendMessage GetQueueAttributes',
      'queue of failed events: SendMessage',
      'table ingest: GetItem PutItem UpdateItem DeleteItem DescribeTable',
    ],
    transform: [
      'bronze/*: GetObject GetObjectVersion',
      'bronze: ListBucket',
      'queue bulk: ReceiveMessage DeleteMessage GetQueueAttributes ChangeMessageVisibility GetQueueUrl',
      'queue messages: ReceiveMessage DeleteMessage GetQueueAttributes ChangeMessageVisibility GetQueueUrl',
      'queue objects: ReceiveMessage DeleteMessage GetQueueAttributes ChangeMessageVisibility GetQueueUrl',
      'secret: GetSecretValue',
      'silver/*: GetObject',
      'silver/_batches/*: PutObject',
      'silver/_probe/*: PutObject',
      'silver/_staging/*: DeleteObject',
      'silver/_staging/*: PutObject',
      'silver/quarantine/*: PutObject',
      'silver/rows/*: PutObject',
      'silver: ListBucket',
      'table ledger: BatchGetItem PutItem DescribeTable',
    ],
    bulk: [
      'bronze: ListBucket',
      'bronze: ListBucketVersions GetBucketVersioning',
      'index open: Query',
      'inventories: GetObject GetObjectVersion',
      'queue bulk: SendMessage GetQueueAttributes',
      'queue objects: SendMessage GetQueueAttributes',
      'secret: GetSecretValue',
      'silver/*: GetObject',
      'silver/_jobs/*: PutObject',
      'silver/_staging/*: DeleteObject',
      'silver/_staging/*: PutObject',
      'silver: ListBucket',
      'table bulk: GetItem PutItem UpdateItem DeleteItem',
      'table ledger: BatchGetItem PutItem DescribeTable',
    ],
  })
})
