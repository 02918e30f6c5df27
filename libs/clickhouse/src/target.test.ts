import type { Chunk, Table } from '@silversmith/core'
import { expect, test } from 'vitest'
import { createClickHouseTarget } from './target.ts'
import { respond, startTestServer } from './test-server.ts'

const tableOf = (name: string): Table => ({
  ...{ name, description: '', orderBy: ['timestamp'], indexes: [], views: [] },
  columns: [{ name: 'timestamp', type: 'timestamp', nullable: false, description: '' }],
})
const chunk: Chunk = { n: 0, table: 'used', month: '2026-12', rows: 1 }

test('a table that no chunk is of need not be there', async () => {
  const nothing = JSON.stringify({ meta: [], data: [], rows: 0 })
  const server = await startTestServer((socket) =>
    socket.end(respond(200, nothing, { connection: 'close' })),
  )
  const target = createClickHouseTarget({
    settings: {
      ...{
        url: server.url,
        database: 'd',
        insertTimeoutMs: 1_000,
        connectTimeoutMs: 5_000,
        settings: {},
      },
      ...{ engine: 'ReplacingMergeTree', deduplicationWindow: 100_000 },
    },
    tables: [tableOf('used'), tableOf('unused')],
    store: { read: () => Promise.reject(new Error('not asked for')) },
  })
  const refused = await target.has('B', chunk, new AbortController().signal).catch(String)
  expect(refused).toContain('table used is missing')
  expect(refused).toContain('table _reloads is missing')
  expect(refused).not.toContain('unused')
  await target.close()
  await server.close()
})
