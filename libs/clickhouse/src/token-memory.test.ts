import { describe, expect, test } from 'vitest'
import { createTokenMemory, tokenMsMin } from './token-memory.ts'

/** A ULID of epoch ms 1 469 918 176 385, from its specification. */
const batch = '01ARYZ6S41TSV4RRFFQ69G5FAV'
const bornAt = 1_469_918_176_385
const token = `${batch}#0`

const isSureAt = (time: number, id = batch): boolean =>
  createTokenMemory(() => time).isSure(id, `${id}#0`)

describe('a token is surely remembered', () => {
  test('while its batch is younger than the horizon, and not for a moment longer', () => {
    expect(isSureAt(bornAt)).toBe(true)
    expect(isSureAt(bornAt + tokenMsMin - 1)).toBe(true)
    expect(isSureAt(bornAt + tokenMsMin)).toBe(false)
  })

  test('with clocks that differ a little, not with a birth in the future', () => {
    expect(isSureAt(bornAt - 1_000)).toBe(true)
    expect(isSureAt(bornAt - 60_000)).toBe(false)
  })

  test.each(['B', '', batch.toLowerCase(), `8${batch.slice(1)}`])('not for batch %j', (id) => {
    expect(isSureAt(bornAt, id)).toBe(false)
  })

  test('for an old batch whose rows were seen not to be there, for as long again', () => {
    let time = bornAt + 10 * tokenMsMin
    const memory = createTokenMemory(() => time)
    expect(memory.isSure(batch, token)).toBe(false)
    memory.keepAbsence(token, time)
    expect(memory.isSure(batch, token)).toBe(true)
    expect(memory.isSure(batch, `${batch}#1`)).toBe(false)
    time += tokenMsMin
    expect(memory.isSure(batch, token)).toBe(false)
  })

  test('of many absences the newest thousand count', () => {
    const time = bornAt + 10 * tokenMsMin
    const memory = createTokenMemory(() => time)
    for (let n = 0; n <= 1_000; n += 1) memory.keepAbsence(`${batch}#${n}`, time)
    expect(memory.isSure(batch, `${batch}#0`)).toBe(false)
    expect(memory.isSure(batch, `${batch}#1`)).toBe(true)
    expect(memory.isSure(batch, `${batch}#1000`)).toBe(true)
  })
})
