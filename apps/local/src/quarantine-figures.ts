import { createReadStream } from 'node:fs'
import { quarantinePrefix } from './functions.ts'
import { mirror } from './mirror.ts'
import type { Stack } from './stack.ts'

export interface QuarantineFigures {
  readonly files: number
  readonly records: number
}

const newline = 0x0a

const countLines = async (path: string): Promise<number> => {
  let lines = 0
  for await (const bytes of createReadStream(path) as AsyncIterable<Buffer>)
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) lines++
  return lines
}

export const countQuarantine = async (stack: Stack): Promise<QuarantineFigures> => {
  const files = await mirror(stack, quarantinePrefix)
  let records = 0
  for (const { path } of files) records += await countLines(path)
  return { files: files.length, records }
}
