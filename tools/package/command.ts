import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createS3Client, createS3Store } from '@silversmith/aws'
import { awsSettingsOf, type Environment, functionSettings, readSettings } from '@silversmith/core'
import { UsageError } from '../bench/usage-error.ts'
import { replaceFile } from '../bundle.ts'
import { architectures } from '../native-part.ts'
import { type Package, packageFunctions } from './packages.ts'
import { directBytesMax, placePackages, type PlacedPackage } from './upload.ts'

export const usage = `npm run package [-- options]

One zip per function and architecture, and packages.json beside them, which says of each its hash and size, what native
code is in it, and where Lambda is to take it from. Equal sources give equal bytes.

  --arch ${architectures.join('|')}  only for this one; may be given twice
  --out FOLDER          where to, by default dist
  --bucket NAME         zips that are too large for a request to Lambda are put there, under a name that tells
                        their content; what is there already is left
  --prefix TEXT         of their keys, by default silversmith/
  --direct-max BYTES    what goes with a request, by default Lambda's ${directBytesMax}; 0 puts every zip into the bucket
  --json                packages.json on standard output, too
  --help                this text

S3 is that of the environment: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_S3, S3_PATH_STYLE.
`

interface Options {
  readonly wanted: readonly (typeof architectures)[number][]
  readonly folder: string
  readonly bucket: string | undefined
  readonly prefix: string
  readonly directMax: number
  readonly json: boolean
}

const read = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        arch: { type: 'string', multiple: true },
        out: { type: 'string', default: 'dist' },
        bucket: { type: 'string' },
        prefix: { type: 'string', default: 'silversmith/' },
        'direct-max': { type: 'string', default: String(directBytesMax) },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message.split('. To specify')[0])
  }
}

const optionsOf = (values: ReturnType<typeof read>): Options => {
  const strange = (values.arch ?? []).find((one) => !architectures.some((known) => known === one))
  if (strange !== undefined)
    throw new UsageError(`--arch must be one of ${architectures.join(', ')}, not "${strange}"`)
  const directMax = values['direct-max']
  if (!/^\d{1,12}$/.test(directMax))
    throw new UsageError(`--direct-max must be a number of bytes, not "${directMax}"`)
  if (values.out === '') throw new UsageError('--out is empty')
  if (values.bucket === '') throw new UsageError('--bucket is empty')
  return {
    wanted: architectures.filter((one) => values.arch?.includes(one) ?? true),
    ...{ folder: resolve(values.out), bucket: values.bucket, prefix: values.prefix },
    directMax: Number(directMax),
    json: values.json,
  }
}

const place = async (
  packages: readonly Package[],
  { folder, bucket, prefix, directMax }: Options,
  environment: Environment,
): Promise<readonly PlacedPackage[]> => {
  const large = packages.filter(({ zipBytes }) => zipBytes > directMax)
  if (large.length === 0) return packages.map((made) => ({ ...made, s3: null }))
  if (bucket === undefined)
    throw new UsageError(
      `${large.map(({ file }) => file).join(', ')}: more than ${directMax} bytes do not fit in a request; --bucket NAME puts them into S3`,
    )
  const client = createS3Client(awsSettingsOf(readSettings(functionSettings, environment)))
  try {
    const store = createS3Store({ client, bucket })
    const { signal } = new AbortController()
    return await placePackages(packages, folder, { store, bucket, prefix, directMax }, signal)
  } finally {
    client.destroy()
  }
}

const kilobytes = (bytes: number): string => `${(bytes / 1e3).toFixed(0)} kB`

const tell = ({ file, zipBytes, codeSha256, native, s3 }: PlacedPackage): string =>
  [
    `${file.padEnd(22)} ${kilobytes(zipBytes).padStart(8)}  ${codeSha256}`,
    `  native: ${native.join(', ') || 'none, the same for every architecture'}`,
    ...(s3 ? [`  s3://${s3.bucket}/${s3.key}`] : []),
  ].join('\n')

/** Returns what is for standard output. @throws UsageError, Error when something cannot be made or put. */
export const runPackage = async (
  args: readonly string[],
  environment: Environment,
): Promise<string> => {
  const values = read(args)
  if (values.help) return usage
  const options = optionsOf(values)
  const made = await packageFunctions(options.wanted, options.folder)
  const packages = await place(made, options, environment)
  const document = { runtime: 'nodejs22.x', handler: 'index.handler', packages }
  const text = `${JSON.stringify(document, null, 2)}\n`
  await replaceFile(join(options.folder, 'packages.json'), Buffer.from(text))
  return options.json ? text : `${packages.map(tell).join('\n')}\n`
}
