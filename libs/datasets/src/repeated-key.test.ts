import fc from 'fast-check'
import { expect, it } from 'vitest'
import { repeatsKey } from './repeated-key.ts'

const repeats = (text: string): boolean => repeatsKey(JSON.parse(text) as object, text)

it.each([
  ['{"a":1,"a":1}', true],
  ['{"a":1,"a":2}', true],
  ['{"a":1,"b":{"c":[{"d":1,"e":2,"d":3}]}}', true],
  ['{"a" \n:1,"a"\t: 2}', true],
  ['{"a":"\\":","b" :1}', false],
  ['{"a":"\\":","a":"\\":"}', true],
  ['{"a":"{\\"x\\":1,\\"x\\":2}"}', false],
  ['{"a\\\\":1,"b":"c\\\\","d":": :"}', false],
  ['{"__proto__":1,"b":{"__proto__":2}}', false],
  ['{"__proto__":1,"__proto__":2}', true],
  ['{"\\u0061":1,"a":2}', true],
  ['{"1":1,"1":2}', true],
  ['{"":1,"":2}', true],
  ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}', false],
  ['{}', false],
])('%s: a key comes twice: %s', (text, wanted) => {
  expect(repeats(text)).toBe(wanted)
})

it('no value without repeated keys is taken for one with them, however it is written', () => {
  const key = fc.constantFrom('a', 'b', '":', '\\":', 'é', '__proto__', '1')
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      fc.constantFrom<unknown>(':', '":', '\\', '\\"', '{"a":1}', '', 1, null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(fc.dictionary(key, value), fc.constantFrom('', ' ', '\n\t'), (object, space) => {
      const text = JSON.stringify(object, null, space)
      expect(repeats(text)).toBe(false)
      expect(repeats(`{"k":[${text}],"l":1,"k":${text}}`)).toBe(true)
    }),
  )
})

it('takes 100 000 levels and texts of a megabyte', () => {
  const deep = '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)
  expect(repeats(deep)).toBe(false)
  expect(repeats(`{"a":1,"a":${deep}}`)).toBe(true)
  expect(repeats(`{"a":"${'\\"::'.repeat(500_000)}","b":"${'\\\\'.repeat(500_000)}"}`)).toBe(false)
})
