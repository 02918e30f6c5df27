import { ask, linesOf } from '@silversmith/local'

/** Rows due of each object, by `source version`. */
export type RowsDue = ReadonlyMap<string, number>

export const objectName = (source: string, version: string): string => `${source} ${version}`

/**
 * Objects whose rows are not there exactly once, one line each. The identities of an object are its records, counted from 0,
 * each with one row: so many rows, as many different ones, and none beyond the last are just those.
 *
 * @param from a table, or files of the same columns
 */
export const findWrong = async (
  engineUrl: string,
  from: string,
  due: RowsDue,
): Promise<readonly string[]> => {
  const statement = `SELECT _source, _version, count(), uniqExact(_record), max(_record), max(_part)
    FROM ${from} GROUP BY _source, _version FORMAT TSV`
  const found = new Map<string, readonly number[]>()
  for (const line of linesOf(await ask(engineUrl, statement))) {
    const [source = '', version = '', ...counts] = line.split('\t')
    found.set(objectName(source, version), counts.map(Number))
  }
  const wrong = [...due].flatMap(([name, rows]) => {
    const [count = 0, records = 0, last = -1, part = 0] = found.get(name) ?? []
    const isWhole = count === rows && records === rows && last === rows - 1 && part === 0
    return isWhole ? [] : [`${name} has ${count} rows of ${records} records where ${rows} are due`]
  })
  const unknown = [...found.keys()].filter((name) => !due.has(name))
  return [...wrong, ...unknown.map((name) => `${name} was never uploaded`)]
}
