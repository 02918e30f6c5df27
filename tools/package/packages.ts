import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buildFunction, type FunctionName, functionNames, replaceFile } from '../bundle.ts'
import { zipBytesMax, zipFunction } from '../function-zip.ts'
import { type Architecture, findSnappy, type NativePart, snappyFiles } from '../native-part.ts'

/** A function for one architecture, as Lambda takes it. */
export interface Package {
  readonly function: FunctionName
  readonly architecture: Architecture
  /** The zip, below the folder that was asked for. Equal sources give equal bytes. */
  readonly file: string
  readonly zipBytes: number
  readonly unzippedBytes: number
  /** Lower hex. */
  readonly sha256: string
  /** The same in base64: `CodeSha256` of GetFunction, `source_code_hash` of Terraform. */
  readonly codeSha256: string
  /** `name@version` of what is inside for this architecture only. None: the zip is the same for every one. */
  readonly native: readonly string[]
}

/**
 * Builds all functions for these architectures into `<folder>/<architecture>/<function>.zip`, whatever this machine is.
 *
 * @throws Error when a zip is over the budget, or npm cannot get a native part.
 */
export const packageFunctions = async (
  wanted: readonly Architecture[],
  folder: string,
): Promise<readonly Package[]> => {
  const parts = new Map<Architecture, NativePart>()
  for (const architecture of wanted) parts.set(architecture, await findSnappy(architecture))
  const packages: Package[] = []
  for (const name of functionNames) {
    const { code, isSnappyWanted } = await buildFunction(name)
    for (const [architecture, snappy] of parts) {
      const native = isSnappyWanted ? [snappy] : []
      const files = { 'index.mjs': code, ...(isSnappyWanted ? await snappyFiles(native) : {}) }
      const made = describe(name, architecture, files, native)
      refuseHeavy(made.described)
      await mkdir(join(folder, architecture), { recursive: true })
      await replaceFile(join(folder, made.described.file), made.zip)
      packages.push(made.described)
    }
  }
  return packages
}

const describe = (
  name: FunctionName,
  architecture: Architecture,
  files: Readonly<Record<string, Uint8Array>>,
  native: readonly NativePart[],
): { readonly zip: Uint8Array; readonly described: Package } => {
  const zip = zipFunction(files)
  const hash = createHash('sha256').update(zip).digest()
  const unzippedBytes = Object.values(files).reduce((sum, { length }) => sum + length, 0)
  return {
    zip,
    described: {
      ...{ function: name, architecture, file: `${architecture}/${name}.zip` },
      ...{ zipBytes: zip.length, unzippedBytes },
      ...{ sha256: hash.toString('hex'), codeSha256: hash.toString('base64') },
      native: native.map((part) => `${part.name}@${part.version}`),
    },
  }
}

/** Weight comes unnoticed, a dependency at a time. */
const refuseHeavy = ({ file, zipBytes }: Package): void => {
  if (zipBytes > zipBytesMax)
    throw new Error(
      `${file} has ${zipBytes} bytes, at most ${zipBytesMax} are allowed (zipBytesMax in tools/function-zip.ts): npm run bench -- coldstart says what is inside`,
    )
}
