import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { createOutput } from './output.ts'

const failing = (code: string) =>
  new Writable({ write: (_, __, done) => done(Object.assign(new Error(code), { code })) })

it('stops work whose lines nobody reads any more, and says so', async () => {
  await expect(createOutput(failing('EPIPE')).write('x')).rejects.toThrow(/^stopped: nobody reads/)
})

it('lets whoever reads the beginning of an answer only have it', async () => {
  expect(await createOutput(failing('EPIPE')).end('x', 0)).toBe(0)
})

it('never takes a full disk for success', async () => {
  await expect(createOutput(failing('ENOSPC')).end('x', 0)).rejects.toThrow('ENOSPC')
  await expect(createOutput(failing('ENOSPC')).write('x')).rejects.toThrow('ENOSPC')
})
