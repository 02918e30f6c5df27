import { expect, it } from 'vitest'
import { refusalOf } from './guard.ts'

const port = 4711
const host = `127.0.0.1:${port}`
const origin = `http://${host}`

it.each([
  ['the page itself', 'GET', { host }],
  ['the page by its other name', 'GET', { host: `localhost:${port}` }],
  ['a link to it', 'GET', crossSite('navigate', 'document')],
  ['its own post', 'POST', { host, origin, 'sec-fetch-site': 'same-origin' }],
])('lets %s in', (_, method, headers) => {
  expect(refusalOf({ method, headers }, port)).toBeUndefined()
})

it.each([
  ['a name that leads here from elsewhere', 'GET', { host: `evil.example:${port}` }, 'Host'],
  ['another port', 'GET', { host: '127.0.0.1:80' }, 'Host'],
  ['nobody', 'GET', {}, 'Host'],
  ['an image or a script of another page', 'GET', crossSite('no-cors', 'script'), 'another page'],
  ['a page of another port', 'GET', { host, 'sec-fetch-site': 'same-site' }, 'another page'],
  ['a frame of another page', 'GET', crossSite('navigate', 'iframe'), 'another page'],
  ['a post without an origin', 'POST', { host }, 'Origin'],
  ['a post of another page', 'POST', { host, origin: 'https://evil.example' }, 'Origin'],
  ['a post of another port', 'POST', { host, origin: 'http://127.0.0.1:80' }, 'Origin'],
  ['a post of a page that hides', 'POST', { host, origin: 'null' }, 'Origin'],
  ['a form of another page', 'POST', crossSite('navigate', 'document'), 'Origin'],
  ['a deletion', 'DELETE', { host }, 'Origin'],
])('keeps %s out', (_, method, headers, why) => {
  expect(refusalOf({ method, headers }, port)).toContain(why)
})

function crossSite(mode: string, target: string) {
  const site = { 'sec-fetch-site': 'cross-site' }
  return { host, ...site, 'sec-fetch-mode': mode, 'sec-fetch-dest': target }
}
