import { createS3Server } from './server.ts'

/** The server alone: `node s3-process.ts DIR [PORT]`. Prints its url, then runs until it is told to end. */
const [dir, port = '0'] = process.argv.slice(2)
if (dir === undefined) throw new Error('Say in which directory: s3-process.ts DIR [PORT]')
const server = await createS3Server({ dir, port: Number(port) })
process.once('SIGTERM', () => void server.close())
process.stdout.write(`${server.url}\n`)
