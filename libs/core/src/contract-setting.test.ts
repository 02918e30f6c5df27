import { describe, expect, test } from 'vitest'
import { contractProblems, contractsSetting, overwritesSetting } from './contract-setting.ts'

describe('CONTRACTS and OVERWRITES', () => {
  test('give a word to each dataset they name', () => {
    const text = ' shipments=freeze, invoice_lines=discard_row,a=evolve,b=rescue'
    expect(contractsSetting.parse(text)).toEqual({
      value: { shipments: 'freeze', invoice_lines: 'discard_row', a: 'evolve', b: 'rescue' },
    })
    expect(overwritesSetting.parse('a=supersede,b=append')).toEqual({
      value: { a: 'supersede', b: 'append' },
    })
  })

  test.each([
    ['shipments', /words are evolve, rescue, freeze, discard_row$/],
    ['shipments=drop', /words are evolve/],
    ['shipments=Freeze', /words are evolve/],
    ['=freeze', /must be dataset=word/],
    ['a=freeze=freeze', /must be dataset=word/],
    ['a=freeze,', /must be dataset=word/],
    ['a=freeze,b=evolve,a=evolve', /^names a twice$/],
  ])('%s is refused', (text, problem) => {
    expect(contractsSetting.parse(text)).toEqual({ problem: expect.stringMatching(problem) })
  })

  test('name datasets that there are', () => {
    const settings = { contracts: { a: 'freeze' }, overwrites: { c: 'append' } } as const
    expect(contractProblems(settings, [{ name: 'a' }, { name: 'b' }])).toEqual([
      'OVERWRITES names the dataset c; known are a, b',
    ])
    expect(contractProblems(settings, [{ name: 'c' }])).toEqual([
      'CONTRACTS names the dataset a; known are c',
    ])
    expect(contractProblems({}, [])).toEqual([])
  })
})
