import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:net'

import type { S3UnderTest } from './s3-contract.ts'
import { makeClient } from './server-bench.ts'

export const hasMoto = spawnSync('moto_server', ['--help'], { stdio: 'ignore' }).status === 0

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

/** S3 of the Python package moto, for contracts that run on more than our own server. */
export const startMoto = async (): Promise<S3UnderTest & { readonly url: string }> => {
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
    url,
    close: async () => {
      client.destroy()
      const ended = new Promise((resolve) => moto.once('exit', resolve))
      moto.kill()
      await ended
    },
  }
}
