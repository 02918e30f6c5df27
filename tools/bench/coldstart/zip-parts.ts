import { readFile } from 'node:fs/promises'
import { unzipSync } from 'fflate'
import type { Bundle } from '../../bundle.ts'

/** A package in a zip. */
export interface ZipPart {
  readonly name: string
  /** Of the zip. Of packages in the bundled file their share of it, as if all were packed equally well. */
  readonly bytes: number
  /** Of the whole zip, 0 to 1. */
  readonly share: number
  /** Why it is there. */
  readonly why: string
}

/** Packages below this share are told together. */
export const namedShare = 0.02

const why: Readonly<Record<string, string>> = {
  '@aws-lambda-powertools/jmespath': 'keys of Powertools’ idempotency',
  '@aws-lambda-powertools/logger': 'the log',
  '@aws-sdk/client-dynamodb': 'the ledger, and what was sent already',
  '@aws-sdk/client-s3': 'bronze, staging and silver',
  '@aws-sdk/client-sqs': 'the objects queue',
  '@aws-sdk/core': 'signatures and protocols of AWS',
  '@aws-sdk/nested-clients':
    'STS and SSO, where credentials may come from; read, but not run in Lambda',
  '@clickhouse/client': 'INSERTs and questions to ClickHouse',
  '@dsnp/parquetjs': 'reads every footer that was written, as somebody who did not write it',
  '@napi-rs/snappy-linux-arm64-gnu': 'native Snappy; see ADR 3',
  '@napi-rs/snappy-linux-x64-gnu': 'native Snappy; see ADR 3',
  '@smithy/core': 'what all clients of AWS stand on',
  'aws-xray-sdk-core': 'traces',
  hyparquet: 'reads silver files to compare them',
  'libs/aws': 'S3, SQS, DynamoDB and the log as the flow sees them',
  'libs/clickhouse': 'DDL, INSERTs and their answers',
  'libs/datasets': 'columns and mappings',
  'libs/core': 'identities, settings, faults, events and windows',
  'libs/flow': 'the protocol',
  'libs/parquet': 'the encoder',
  semver: 'asked for by the X-Ray SDK',
  thrift: 'how parquetjs reads footers',
}

/** Named parts, largest first; the last is all others together. @throws when nobody has said why a part is there. */
export const partsOf = async (bundle: Bundle): Promise<readonly ZipPart[]> => {
  const sizes = new Map<string, number>()
  const add = (name: string, bytes: number): void =>
    void sizes.set(name, (sizes.get(name) ?? 0) + bytes)
  unzipSync(await readFile(bundle.zip), {
    filter: ({ name, size }) => {
      if (name !== 'index.mjs') add(packageOf(name), size)
      else for (const [own, bytes] of bundle.packages) add(own, (size * bytes) / bundle.sizeBytes)
      return false
    },
  })
  const all = [...sizes].toSorted(([, one], [, other]) => other - one)
  const named = all.filter(([, bytes]) => bytes >= bundle.zipBytes * namedShare)
  const rest = bundle.zipBytes - named.reduce((sum, [, bytes]) => sum + bytes, 0)
  const part = (name: string, bytes: number, reason: string): ZipPart => ({
    ...{ name, bytes: Math.round(bytes), share: bytes / bundle.zipBytes, why: reason },
  })
  return [
    ...named.map(([name, bytes]) => {
      const reason = why[name]
      if (reason === undefined)
        throw new Error(
          `${name} is ${Math.round((100 * bytes) / bundle.zipBytes)} % of the zip of ${bundle.name}: say why in zip-parts.ts`,
        )
      return part(name, bytes, reason)
    }),
    part(
      `${all.length - named.length} others`,
      rest,
      'each below 2 %, and what the zip itself takes',
    ),
  ]
}

const packageOf = (path: string): string =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path
