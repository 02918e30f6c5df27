import type { IncomingMessage } from 'node:http'

/**
 * Why a request is not answered; undefined: it may be. The page acts for whoever opened it on this machine, so no other page may
 * use it: a name that leads here from elsewhere is refused by Host, a form or script of another page by Origin. No answer carries a CORS
 * header, so that no other page reads one.
 */
export const refusalOf = (
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  port: number,
): string | undefined => {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  if (!hosts.includes(headers.host ?? '')) return `the Host header must be ${hosts.join(' or ')}`
  const from = headers['sec-fetch-site']
  if (from !== undefined && from !== 'same-origin' && from !== 'none' && !isOpening(headers))
    return 'another page asked for it'
  if (method === 'GET' || method === 'HEAD') return undefined
  // Browsers send it with every post. One that says nothing is not the page.
  return headers.origin === `http://${headers.host}`
    ? undefined
    : 'the Origin header must be that of the page'
}

/** A person who follows a link from elsewhere to the page itself. */
const isOpening = (headers: IncomingMessage['headers']): boolean =>
  headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
