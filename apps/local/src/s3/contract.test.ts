import { rm } from 'node:fs/promises'
import { describe, it } from 'vitest'

import type { Behaviour } from './contract/room.ts'
import { hasMoto, startMoto } from './moto.ts'
import { describeS3 } from './s3-contract.ts'
import { createS3Server } from './server.ts'
import { makeClient, makeDir } from './server-bench.ts'

describeS3('the local server', async () => {
  const dir = await makeDir()
  const server = await createS3Server({ dir })
  const client = makeClient(server.url)
  return {
    client,
    close: async () => {
      client.destroy()
      await server.close()
      await rm(dir, { recursive: true })
    },
  }
})

// Seen with moto 5.2.1.
const motoLeaves: readonly Behaviour[] = [
  'bad-md5-refused',
  'bad-checksum-refused',
  'copy-conditions',
  'marker-by-id-405',
  'suspended-null-version',
  'aborted-upload-404',
  // Its check and its write are two steps of several threads.
  'one-winner',
]

if (hasMoto) describeS3('moto', startMoto, motoLeaves)
else
  describe('S3 contract on moto', () =>
    it.skip('needs the command moto_server (pip install moto[server])', () => undefined))
