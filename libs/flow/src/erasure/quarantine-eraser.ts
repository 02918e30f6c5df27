import type { Bronze, ErasedRecord, Source } from '@silversmith/core'
import { type Call, persist } from '../patience.ts'
import { listQuarantine, type QuarantineDeps } from '../quarantine/quarantine-listing.ts'
import { type QuarantineRecord, readQuarantineRecord } from '../quarantine/quarantine-record.ts'
import { keepTrace } from './erasure-record.ts'
import { linesType, replaceFile } from './file-replacement.ts'
import { purgeStaged } from './staging-eraser.ts'

export interface QuarantineEraserDeps extends QuarantineDeps {
  readonly bronze: Pick<Bronze, 'list' | 'open'>
}

interface Line {
  /** Without its line feed. */
  readonly text: string
  /** Undefined: somebody spoiled it. */
  readonly record: QuarantineRecord | undefined
  /** Its file was replayed: the record is a row or in a newer file. */
  readonly isResolved: boolean
}

/** A quarantine file: lines of all its versions, for a replay reads each that is listed, also below a delete marker. */
interface ReadFile {
  readonly key: string
  /** That wrote it. */
  readonly batch: string
  readonly lines: readonly Line[]
}

const readFiles = async function* (
  deps: QuarantineEraserDeps,
  dataset: string,
  call: Call,
): AsyncGenerator<ReadFile> {
  for await (const entries of listQuarantine(deps, { dataset }, call))
    for (const [key, versions] of Map.groupBy(entries, ({ source }) => source.object.key)) {
      const lines: Line[] = []
      for (const { source, state } of versions) {
        const texts = (await readText(deps, source, call)).split('\n').filter((one) => one !== '')
        for (const text of texts)
          lines.push({
            ...{ text, record: readQuarantineRecord(text), isResolved: state === 'resolved' },
          })
      }
      yield { key, batch: versions[0]?.batch ?? '', lines }
    }
}

const readText = (
  { bronze, clock }: QuarantineEraserDeps,
  { object }: Source,
  call: Call,
): Promise<string> =>
  persist(clock, call, async () => {
    const pieces: Uint8Array[] = []
    for await (const piece of (await bronze.open(object, call.signal)).body) pieces.push(piece)
    return Buffer.concat(pieces).toString()
  })

export interface RejectedMatch {
  readonly records: readonly ErasedRecord[]
  /** Records that were cut when they were kept and show none of the texts: nobody knows what the rest of them said. */
  readonly cut: number
}

/** Records in quarantine that hold one of these texts as a word of its own, however JSON wrote it; at most `limit`. */
export const findRejected = async (
  deps: QuarantineEraserDeps,
  { dataset, texts }: { readonly dataset: string; readonly texts: readonly string[] },
  limit: number,
  call: Call,
): Promise<RejectedMatch> => {
  const found: ErasedRecord[] = []
  let cut = 0
  for await (const { lines } of readFiles(deps, dataset, call))
    for (const { record: kept } of lines) {
      if (!kept) continue
      const { source, version, record, line } = kept
      const raw = Buffer.from(kept.raw, kept.rawEncoding).toString()
      if (holds(raw, texts) || holds(kept.source, texts)) {
        if (found.length < limit) found.push({ source, version, record, line })
      } else if (kept.sha256 !== undefined) cut += 1
    }
  return { records: found, cut }
}

const holds = (raw: string, texts: readonly string[]): boolean => {
  const plain = unescaped(raw)
  return texts.some((text) => hasWord(raw, text) || hasWord(plain, text))
}

/** Escapes of JSON undone, also where the whole is no JSON. */
const unescaped = (raw: string): string =>
  raw
    .replace(/\\u([\da-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replace(/\\(["\\/])/g, '$1')

const letter = /[\p{L}\p{N}]/u

/** Not as a part of a longer word or number: 42 is not in 142. */
const hasWord = (text: string, word: string): boolean => {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const [before = '', after = ''] = [text[at - 1], text[at + word.length]]
    if (!letter.test(before) && !letter.test(after)) return true
  }
  return false
}

/**
 * Takes these records out of the quarantine; returns how many there were. Of a file that was replayed nothing is kept: each of its
 * records is a row or in a newer file, and under another version its claim would not hold any more.
 */
export const eraseRejected = async (
  deps: QuarantineEraserDeps,
  dataset: string,
  isErased: (record: Omit<ErasedRecord, 'line'>) => boolean,
  call: Call,
): Promise<number> => {
  const { store, clock } = deps
  let count = 0
  for await (const { key, batch, lines } of readFiles(deps, dataset, call)) {
    const left = lines.filter(({ record }) => !record || !isErased(record))
    if (left.length === lines.length) continue
    count += lines.length - left.length
    await keepTrace(deps, batch, call)
    await purgeStaged(deps, [batch], call)
    const kept = new Set(left.flatMap(({ text, isResolved }) => (isResolved ? [] : [`${text}\n`])))
    if (kept.size === 0) await persist(clock, call, () => store.purge(key, call.signal))
    else {
      const bytes = Buffer.from([...kept].join(''))
      await replaceFile(deps, key, { bytes, contentType: linesType }, call)
    }
  }
  return count
}
