import { S3Error } from './s3-error.ts'

/** What an element holds: text, elements, or (array) the same element several times. Undefined leaves it out. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | { readonly [name: string]: XmlValue }
  | readonly XmlValue[]

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

// Control characters are no XML 1.0, but S3 writes keys that hold them as references too.
const unsafe = /[&<>"\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/g
const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escapeText = (text: string): string =>
  text.replace(unsafe, (char) => named[char] ?? `&#x${char.charCodeAt(0).toString(16)};`)

const writeElement = (name: string, value: XmlValue): string => {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.map((each: XmlValue) => writeElement(name, each)).join('')
  if (typeof value !== 'object') return `<${name}>${escapeText(String(value))}</${name}>`
  const inner = Object.entries(value).map(([child, each]) => writeElement(child, each as XmlValue))
  return `<${name}>${inner.join('')}</${name}>`
}

/** A whole document; errors carry no namespace, results do. */
export const writeXml = (root: string, content: { readonly [name: string]: XmlValue }): string => {
  const inner = Object.entries(content).map(([name, value]) => writeElement(name, value))
  const attribute = root === 'Error' ? '' : ` xmlns="${namespace}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner.join('')}</${root}>`
}

export interface XmlElement {
  readonly name: string
  text: string
  readonly children: XmlElement[]
}

export const childrenOf = (element: XmlElement, name: string): readonly XmlElement[] =>
  element.children.filter((child) => child.name === name)

/** Text of the first child of that name. */
export const textOf = (element: XmlElement, name: string): string | undefined =>
  childrenOf(element, name)[0]?.text

const malformed = (): S3Error =>
  new S3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  )

const references: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

const unescapeText = (text: string): string =>
  text.replace(/&([^;&]*);?/g, (whole, reference: string) => {
    const code = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(reference)
    const point = code ? parseInt(code[1] ?? code[2] ?? '', code[1] ? 16 : 10) : NaN
    if (point <= 0x10ffff) return String.fromCodePoint(point)
    const char = whole.endsWith(';') ? references[reference] : undefined
    if (char === undefined) throw malformed()
    return char
  })

const depthMax = 16
const token =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s<>/!?]+)([^<>]*?)(\/?)>|([^<]+)|([\s\S])/g

/**
 * Reads an S3 request document: elements and text, no attributes, no document type.
 * Throws MalformedXML; `root` is the name the document element must have.
 */
export const readXml = (text: string, root: string): XmlElement => {
  const top: XmlElement = { name: '', text: '', children: [] }
  const open: XmlElement[] = [top]
  for (const match of text.replace(/^\ufeff/, '').matchAll(token)) {
    const [, cdata, closing, name, , empty, plain, stray] = match
    const parent = open.at(-1) ?? top
    if (stray !== undefined) throw malformed()
    if (cdata !== undefined) parent.text += cdata
    if (plain !== undefined) parent.text += unescapeText(plain)
    if (name === undefined) continue
    const local = name.slice(name.indexOf(':') + 1)
    if (closing) {
      if (open.length < 2 || open.pop()?.name !== local) throw malformed()
      continue
    }
    const element: XmlElement = { name: local, text: '', children: [] }
    parent.children.push(element)
    if (!empty) open.push(element)
    if (open.length > depthMax) throw malformed()
  }
  const document = top.children[0]
  if (open.length !== 1 || top.children.length !== 1 || top.text.trim() !== '') throw malformed()
  if (document?.name !== root) throw malformed()
  return document
}

export { malformed as malformedXml }
