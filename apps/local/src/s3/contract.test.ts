import { spawn, spawnSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { describe, it } from 'vitest'

import type { Behaviour } from './contract/room.ts'
import type { S3UnderTest } from './s3-contract.ts'
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

const findFreePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : 0
      probe.close(() => resolve(port))
    })
  })

const startLimitMs = 20_000

const startMoto = async (): Promise<S3UnderTest> => {
  const port = await findFreePort()
  const moto = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const deadline = Date.now() + startLimitMs
  while (
    !(await fetch(`${url}/moto-api/data.json`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (Date.now() > deadline)
      throw new Error(`moto_server did not answer within ${startLimitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const client = makeClient(url)
  return {
    client,
    close: async () => {
      client.destroy()
      const ended = new Promise((resolve) => moto.once('exit', resolve))
      moto.kill()
      await ended
    },
  }
}

// Seen with moto 5.2.1.
const motoLeaves: readonly Behaviour[] = [
  'bad-md5-refused',
  'bad-checksum-refused',
  'copy-conditions',
  'marker-by-id-405',
  'suspended-null-version',
  'aborted-upload-404',
]

const hasMoto = spawnSync('moto_server', ['--help'], { stdio: 'ignore' }).status === 0
if (hasMoto) describeS3('moto', startMoto, motoLeaves)
else
  describe('S3 contract on moto', () =>
    it.skip('needs the command moto_server (pip install moto[server])', () => undefined))
