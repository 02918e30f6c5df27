import type { Table } from './dataset.ts'

/**
 * Small table beside the datasets' own: one row says that of this object version, in this table, `_generation` is the one
 * that counts, and with `supersedes` that no older version of the object does. Its chunk is the last of its batch, so that
 * views turn over when all rows are there. A source gets one row per table of its dataset, also when it has no rows there
 * any more; `_part` is the ordinal of the table.
 */
export const reloadsTable: Table = {
  name: '_reloads',
  description: 'Which generation of an object version counts, and which version of an object',
  columns: [
    {
      name: 'timestamp',
      type: 'timestamp',
      nullable: false,
      description: 'Start of the batch that made the entry',
    },
    {
      name: 'table_name',
      type: 'category',
      nullable: false,
      description: 'Table of the dataset whose rows are meant',
    },
    {
      name: 'supersedes',
      type: 'boolean',
      nullable: false,
      description: 'Older versions of the object no longer count',
    },
    {
      name: 'sequencer',
      type: 'text',
      nullable: false,
      description: 'S3 sequencer of the version, empty where unknown; breaks ties of _object_time',
    },
  ],
  orderBy: ['table_name'],
  indexes: [],
  views: [],
}
