import { expect, it } from 'vitest'
import { createProgress } from './progress.ts'

const show = (isTTY: boolean) => {
  const written: string[] = []
  const clock = { now: 0 }
  const stream = { isTTY, columns: 20, write: (text: string) => written.push(text) }
  return { written, clock, progress: createProgress(stream, () => clock.now) }
}

it('rewrites one line on a terminal, cut to its width, and takes it away at the end', () => {
  const { written, clock, progress } = show(true)
  progress.live('one')
  clock.now += 1000
  progress.live('a line that is longer than the terminal')
  progress.end()
  expect(written).toEqual(['one', '\r\u001b[2K', 'a line that is long', '\r\u001b[2K'])
})

it('keeps notes above the live line', () => {
  const { written, progress } = show(true)
  progress.live('busy')
  progress.note('something failed')
  expect(written.join('')).toBe('busy\r\u001b[2Ksomething failed\nbusy')
})

it('writes whole lines now and then where there is no terminal', () => {
  const { written, clock, progress } = show(false)
  for (let second = 0; second < 25; second++) {
    clock.now = second * 1000
    progress.live(`at ${second}`)
  }
  progress.note('note')
  progress.end()
  expect(written).toEqual(['at 0\n', 'at 10\n', 'at 20\n', 'note\n'])
})
