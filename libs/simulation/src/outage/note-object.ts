import type { Bronze, Dataset, ObjectFacts, ObjectRef, Route } from '@silversmith/core'

export const routes: readonly Route[] = [
  { prefix: 'notes/', suffixes: ['.jsonl'], dataset: 'notes' },
]

const column = (name: string, type: 'uint64' | 'timestamp') => ({
  ...{ name, type, nullable: false, description: '' },
})

/** `{"object": <number>, "at": <epoch ms>}` → one row. */
export const notes: Dataset = {
  ...{ name: 'notes', version: 1, description: '' },
  tables: [
    {
      ...{ name: 'notes', description: '', orderBy: ['timestamp'], indexes: [], views: [] },
      columns: [column('object', 'uint64'), column('timestamp', 'timestamp')],
    },
  ],
  map: (record) => {
    const { object, at } = record as { readonly object: number; readonly at: number }
    const timeMicros = at * 1_000
    return { rows: [{ table: 'notes', timeMicros, values: [object, timeMicros] }] }
  },
}

/** What the event of an object tells: its key says what is in it, so that nothing of millions needs to be kept. */
export const factsOf = (object: number, now: number): ObjectFacts => ({
  ...{ bucket: 'bronze', key: `notes/${Math.floor(now)}-${object}.jsonl`, etag: 'e' },
})

export const openNote = ({ key }: ObjectRef): Awaited<ReturnType<Bronze['open']>> => {
  const [, at = '', object = ''] = /^notes\/(\d+)-(\d+)\.jsonl$/.exec(key) ?? []
  const body = Buffer.from(`{"object":${object},"at":${at}}`)
  return {
    ...{ sizeBytes: body.length, lastModified: Number(at) },
    ...{ contentType: undefined, contentEncoding: undefined },
    body: (async function* () {
      yield body
    })(),
  }
}
