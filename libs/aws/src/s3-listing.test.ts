import { createMemoryClock } from '@silversmith/simulation'
import { expect, test } from 'vitest'
import { createS3Bronze } from './s3-bronze.ts'
import type { Answer, ScriptedServer } from './scripted-server.ts'
import { answerS3Error, answerXml, dropConnection, withServer } from './scripted-server.ts'

const idle = new AbortController().signal

const list = ({ clients }: ScriptedServer, from?: string) =>
  createS3Bronze({ client: clients.s3, clock: createMemoryClock() }).list(
    'bronze',
    'a+ø/',
    from,
    idle,
  )

const versionOf = (key: string, more = ''): string =>
  `<Version><Key>${key}</Key><VersionId>v1</VersionId><ETag>&quot;e1&quot;</ETag><Size>7</Size>` +
  `<LastModified>2026-01-01T00:00:00.000Z</LastModified>${more}</Version>`
const pageOf = (entries: string, next = ''): string =>
  `<ListVersionsResult><EncodingType>url</EncodingType>${entries}` +
  `<IsTruncated>${next === '' ? 'false' : 'true'}</IsTruncated>${next}</ListVersionsResult>`
const nextOf = (key: string, version: string): string =>
  `<NextKeyMarker>${key}</NextKeyMarker><NextVersionIdMarker>${version}</NextVersionIdMarker>`

test('a listing asks for encoded keys and goes on at the decoded marker', async () => {
  const answer: Answer = ({ n }, response) =>
    answerXml(
      response,
      n === 1
        ? pageOf(versionOf('a%2B%C3%B8/%01+b'), nextOf('a%2B%C3%B8/%0A+b', 'v2'))
        : pageOf(''),
    )
  await withServer(answer, async (server) => {
    const { objects, next } = await list(server)
    expect(objects).toEqual([
      {
        object: { bucket: 'bronze', key: 'a+ø/\u0001 b', version: 'v1', versioned: true },
        etag: 'e1',
        sizeBytes: 7,
        lastModified: Date.UTC(2026, 0, 1),
      },
    ])
    expect(await list(server, next)).toEqual({ objects: [], next: undefined })
    const asked = server.requests.map(({ query }) =>
      ['encoding-type', 'prefix', 'key-marker', 'version-id-marker'].map((name) => query.get(name)),
    )
    expect(asked).toEqual([
      ['url', 'a+ø/', null, null],
      ['url', 'a+ø/', 'a+ø/\n b', 'v2'],
    ])
  })
})

test('a throttled listing is asked for again', async () => {
  const answer: Answer = ({ n }, response) =>
    n === 1 ? answerS3Error(response, 503, 'SlowDown') : answerXml(response, pageOf(versionOf('a')))
  await withServer(answer, async (server) => {
    expect((await list(server)).objects).toHaveLength(1)
    expect(server.requests).toHaveLength(2)
  })
})

const whole = `<?xml version="1.0"?>${pageOf(versionOf('a') + versionOf('b'))}`
const half = whole.slice(0, whole.length / 2)

/** No page that is short of an object may pass for a whole one: the object would be told missing, or not at all. */
const failures: readonly (readonly [string, string, RegExp, Answer])[] = [
  [
    'throttled again and again',
    'STORE_UNAVAILABLE',
    /SlowDown/,
    (_, response) => answerS3Error(response, 503, 'SlowDown'),
  ],
  [
    'refused',
    'STORE_DENIED',
    /listing s3:\/\/bronze\/a\+ø\/ was refused: AccessDenied.*allow the action/,
    (_, response) => answerS3Error(response, 403, 'AccessDenied'),
  ],
  [
    'of no bucket',
    'STORE_DENIED',
    /create the bucket/,
    (_, response) => answerS3Error(response, 404, 'NoSuchBucket'),
  ],
  ['reset', 'STORE_UNAVAILABLE', /failed for now/, (_, response) => dropConnection(response)],
  [
    'cut off within its length',
    'STORE_UNAVAILABLE',
    /failed for now/,
    (_, response) => {
      response.writeHead(200, { 'content-length': whole.length })
      response.write(half, () => response.socket?.end())
    },
  ],
  [
    'cut off in XML that says it is whole',
    'STORE_UNAVAILABLE',
    /failed for now/,
    (_, response) => void response.end(half),
  ],
  [
    'empty',
    'STORE_UNAVAILABLE',
    /does not say whether it is the last/,
    (_, response) => void response.end(),
  ],
  [
    'without the size of an object',
    'STORE_UNAVAILABLE',
    /an entry has no key, version, etag, size or date/,
    (_, response) =>
      answerXml(response, pageOf(versionOf('a') + versionOf('b').replace('<Size>7</Size>', ''))),
  ],
  [
    'without its next place',
    'STORE_UNAVAILABLE',
    /names no next/,
    (_, response) => answerXml(response, pageOf(versionOf('a')).replace('>false<', '>true<')),
  ],
]

for (const [name, code, message, answer] of failures)
  test(`a listing that is ${name} is ${code}`, async () => {
    await withServer(answer, async (server) => {
      await expect(list(server)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message) as unknown,
      })
    })
  })

test('a listing that is given up is told so', async () => {
  await withServer(
    () => {},
    async ({ clients }) => {
      const bronze = createS3Bronze({ client: clients.s3, clock: createMemoryClock() })
      const listing = bronze.list('bronze', '', undefined, AbortSignal.timeout(30))
      await expect(listing).rejects.toMatchObject({ code: 'DEADLINE_REACHED' })
    },
  )
})

test('keys of a server that knows no encoding are taken as they are', async () => {
  const plain = pageOf(versionOf('a+b%20')).replace('<EncodingType>url</EncodingType>', '')
  await withServer(
    (_, response) => answerXml(response, plain),
    async (server) => {
      const { objects } = await list(server)
      expect(objects.map(({ object }) => object.key)).toEqual(['a+b%20'])
    },
  )
})

const object = { bucket: 'bronze', key: 'k', version: 'e1', versioned: false }

for (const [status, code] of [
  [404, 'NoSuchVersion'],
  [403, 'AccessDenied'],
  [400, 'InvalidArgument'],
] as const)
  test(`an object that is not version null either (${status}) is gone`, async () => {
    const answer: Answer = ({ query }, response) =>
      query.get('versionId') === 'null'
        ? answerS3Error(response, status, code)
        : answerS3Error(response, 412, 'PreconditionFailed')
    await withServer(answer, async ({ clients, requests }) => {
      const bronze = createS3Bronze({ client: clients.s3, clock: createMemoryClock() })
      await expect(bronze.open(object, idle)).rejects.toMatchObject({ code: 'OBJECT_GONE' })
      expect(requests.map(({ headers }) => headers['if-match'])).toEqual(['"e1"', '"e1"'])
    })
  })

test('an object whose version null cannot be asked for now is not called gone', async () => {
  const answer: Answer = ({ query }, response) =>
    query.get('versionId') === 'null'
      ? answerS3Error(response, 503, 'SlowDown')
      : answerS3Error(response, 404, 'NoSuchKey')
  await withServer(answer, async ({ clients }) => {
    const bronze = createS3Bronze({ client: clients.s3, clock: createMemoryClock() })
    await expect(bronze.open(object, idle)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

test('a listing whose answer stops in the middle is given up', async () => {
  const answer: Answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' })
    response.write('<?xml version="1.0"?><ListVersionsResult>')
  }
  await withServer(answer, async ({ clients }) => {
    const bronze = createS3Bronze({ client: clients.s3, callTimeoutMs: 200 })
    await expect(bronze.list('bronze', '', undefined, idle)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
  })
})

test.each([
  ['', 'unversioned'],
  ['<Status>Enabled</Status>', 'versioned'],
  ['<Status>Suspended</Status>', 'suspended'],
])('says how a bucket keeps versions: %s', async (status, state) => {
  const answer: Answer = (_, response) =>
    answerXml(response, `<VersioningConfiguration>${status}</VersioningConfiguration>`)
  await withServer(answer, async ({ clients }) => {
    expect(await createS3Bronze({ client: clients.s3 }).stateOf('bronze', idle)).toBe(state)
  })
})

test('a bucket whose versioning nobody may ask for is a fault', async () => {
  const answer: Answer = (_, response) => answerS3Error(response, 403, 'AccessDenied')
  await withServer(answer, async ({ clients }) => {
    await expect(
      createS3Bronze({ client: clients.s3 }).stateOf('bronze', idle),
    ).rejects.toMatchObject({ code: 'STORE_DENIED' })
  })
})
