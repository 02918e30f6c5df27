import { describe, expect, it } from 'vitest'

import { childrenOf, readXml, textOf, writeXml } from './xml.ts'

describe('an XML document', () => {
  it('is read with entities, CDATA, comments, namespaces and empty elements', () => {
    const document = readXml(
      '\ufeff<?xml version="1.0"?>\n<!-- c --><Delete xmlns="http://x"><Object><Key>a&amp;b&#x20;&#228;</Key></Object><Object><Key><![CDATA[<x>]]></Key><VersionId/></Object></Delete>',
      'Delete',
    )
    expect(childrenOf(document, 'Object').map((object) => textOf(object, 'Key'))).toEqual([
      'a&b ä',
      '<x>',
    ])
  })

  it.each([
    '',
    'text',
    '<a>',
    '<a></b>',
    '<b></b>',
    '<a></a><a></a>',
    '<a>&nope;</a>',
    '<a>&#x110000;</a>',
    '<a>a & b</a>',
    '<!DOCTYPE a><a></a>',
    '<a>'.repeat(50) + '</a>'.repeat(50),
  ])('that is not well-formed, or another, is refused: %s', (text) => {
    expect(() => readXml(text, 'a')).toThrow('not well-formed')
  })

  it('that was written is read back', () => {
    const Key = `a<b>&"c"\r\n\u0001ä😀`
    const text = writeXml('Result', { Contents: [{ Key }, { Key: 'second' }], Absent: undefined })
    expect(
      childrenOf(readXml(text, 'Result'), 'Contents').map((each) => textOf(each, 'Key')),
    ).toEqual([Key, 'second'])
    expect(text).not.toContain('Absent')
  })
})
