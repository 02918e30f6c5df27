import type { ErasedRecord } from '@silversmith/core'
import { type Call, persist } from '../patience.ts'
import { listQuarantine, type QuarantineDeps } from '../quarantine/quarantine-listing.ts'
import { type QuarantineRecord, readQuarantineRecord } from '../quarantine/quarantine-record.ts'
import { replaceFile } from './file-replacement.ts'

/** A quarantine file, and what of it could be read. */
interface ReadFile {
  readonly key: string
  readonly isResolved: boolean
  /** Its lines, without their feeds. */
  readonly lines: readonly string[]
  /** Of each line; undefined: somebody spoiled it. */
  readonly records: readonly (QuarantineRecord | undefined)[]
}

const readFiles = async function* (
  deps: QuarantineDeps,
  dataset: string,
  call: Call,
): AsyncGenerator<ReadFile> {
  const { store, clock } = deps
  const seen = new Set<string>()
  for await (const entries of listQuarantine(deps, { dataset }, call)) {
    // Where the bucket keeps versions a key is listed once for each.
    for (const [key, versions] of Map.groupBy(entries, ({ source }) => source.object.key)) {
      if (seen.has(key) || !(await persist(clock, call, () => store.look(key, call.signal))))
        continue
      seen.add(key)
      const bytes = await persist(clock, call, () => store.read(key, undefined, call.signal))
      const lines = Buffer.from(bytes)
        .toString()
        .split('\n')
        .filter((line) => line !== '')
      const isResolved = versions.every(({ state }) => state === 'resolved')
      yield { key, isResolved, lines, records: lines.map(readQuarantineRecord) }
    }
  }
}

export interface RejectedMatch {
  readonly records: readonly ErasedRecord[]
  /** Records that were cut when they were kept and show none of the texts: nobody knows what the rest of them said. */
  readonly cut: number
}

/** Records in quarantine that hold one of these texts as a word of its own, however JSON wrote it; at most `limit`. */
export const findRejected = async (
  deps: QuarantineDeps,
  { dataset, texts }: { readonly dataset: string; readonly texts: readonly string[] },
  limit: number,
  call: Call,
): Promise<RejectedMatch> => {
  const found: ErasedRecord[] = []
  let cut = 0
  for await (const { records } of readFiles(deps, dataset, call))
    for (const kept of records) {
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
 * Takes these records out of the quarantine; returns how many there were. A file that was replayed is deleted whole: each of its
 * records is a row or in a newer file, and under another version its claim would not hold any more.
 */
export const eraseRejected = async (
  deps: QuarantineDeps,
  dataset: string,
  isErased: (record: Omit<ErasedRecord, 'line'>) => boolean,
  call: Call,
): Promise<number> => {
  const { store, clock } = deps
  let count = 0
  for await (const { key, isResolved, lines, records } of readFiles(deps, dataset, call)) {
    const kept = lines.filter((_, at) => {
      const record = records[at]
      return !record || !isErased(record)
    })
    if (kept.length === lines.length) continue
    count += lines.length - kept.length
    if (isResolved || kept.length === 0) {
      await persist(clock, call, () => store.purge(key, call.signal))
      continue
    }
    const bytes = Buffer.from(kept.map((line) => `${line}\n`).join(''))
    await replaceFile(deps, key, { bytes, contentType: 'application/x-ndjson' }, call)
  }
  return count
}
