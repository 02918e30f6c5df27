import { parseRoutes } from '@silversmith/core'
import type { Dataset, MessageRef, Route } from '@silversmith/core'
import { defaultRoutes, sampleBronze, sampleObjects } from '@silversmith/datasets'
import { relative } from 'node:path'
import { createdEventOf } from './created-event.ts'
import { describeStatus, drain } from './drain.ts'
import type { Status } from './drain.ts'
import { logFileOf } from './functions.ts'
import { readHistory } from './account/history.ts'
import type { SealedBatch } from './account/history.ts'
import { humanReport } from './account/human-report.ts'
import { checkInputs, listInputs, splitObjects, takeObjects } from './input/input.ts'
import type { InputObject } from './input/input-object.ts'
import { endLeases } from './leases.ts'
import { checkMessages, listMessages } from './input/message-input.ts'
import { sendAll } from './input/message-sender.ts'
import type { Options } from './options.ts'
import { startPage } from './page/page.ts'
import { createWatch } from './page/watch.ts'
import type { Watch } from './page/watch.ts'
import { createProblemTeller } from './problem-teller.ts'
import type { Progress } from './progress.ts'
import { writeReport } from './account/report.ts'
import { startFailure } from './start-failure.ts'
import { startStack } from './stack.ts'
import type { LocalServer } from './sqs.ts'
import type { Stack } from './stack.ts'
import { uploadAll } from './input/upload.ts'
import type { Uploaded } from './input/upload.ts'
import { namedServerOf } from './warehouse.ts'
import { checkFirstSettings, keepFirstSettings, openWorkDir, serverDirOf } from './work-dir.ts'
import type { Server } from './work-dir.ts'

export interface Run {
  readonly options: Options
  readonly datasets: readonly Dataset[]
  readonly environment: NodeJS.ProcessEnv
  readonly progress: Progress
  readonly print: (text: string) => void
  /** The person, or the system, wants it to end. */
  readonly signal: AbortSignal
}

export const sampleSeed = 20_260_105

async function* listSample(): AsyncGenerator<InputObject> {
  const seed = sampleSeed
  for (const { key, body } of [
    ...sampleObjects({ seed }).objects,
    ...sampleBronze({ seed }).objects,
  ])
    yield {
      key,
      sizeBytes: body.length,
      origin: `sample ${key}`,
      open: async function* () {
        yield await Promise.resolve(body)
      },
    }
}

const listObjects = (options: Options): AsyncIterable<InputObject> => {
  const { inputs, messages, limit, splitLines } = options
  const isSample = inputs.length + messages.length === 0
  const all = isSample ? listSample() : listInputs(inputs)
  const taken = limit === undefined ? all : takeObjects(all, limit)
  return splitLines === undefined ? taken : splitObjects(taken, splitLines)
}

/** Inputs that could not be read, told one by one. */
const unreadToldMax = 20

const routesOf = ({ dataset }: Options): readonly Route[] | undefined =>
  dataset === undefined ? undefined : [{ prefix: '', suffixes: [], dataset }]

/** As the functions read them; those that are no routes they refuse themselves. */
const routesInForce = ({ options, environment }: Run): readonly Route[] => {
  const given = parseRoutes(environment['ROUTES'] ?? '')
  return routesOf(options) ?? ('value' in given ? given.value : defaultRoutes)
}

interface Loaded {
  readonly uploaded: readonly Uploaded[]
  readonly sent: readonly MessageRef[]
  readonly unread: readonly string[]
  readonly status: Status
}

/** Uploads the input while the stack works, then waits until nothing is left. */
const load = async (
  stack: Stack,
  { options, progress }: Run,
  signal: AbortSignal,
): Promise<Loaded> => {
  const uploaded: Uploaded[] = []
  const sent: MessageRef[] = []
  const unread: string[] = []
  let bytes = 0
  let status: Status | undefined
  const show = (): void => {
    const done = [
      `uploaded ${uploaded.length} (${(bytes / 1e6).toFixed(1)} MB)`,
      ...(sent.length > 0 ? [`sent ${sent.length}`] : []),
      ...(status ? [describeStatus(status)] : []),
    ]
    progress.live(done.join(' · '))
  }
  const bucket = stack.resources.bronzeBucket
  const upload = uploadAll(listObjects(options), {
    s3: stack.clients.s3,
    bucket,
    signal,
    onUploaded: async (object) => {
      if (!stack.ours.s3) await stack.notifier.notify(createdEventOf(bucket, object))
      uploaded.push(object)
      bytes += object.sizeBytes
      show()
    },
    onUnreadable: ({ origin }, reason) => {
      unread.push(origin)
      if (unread.length <= unreadToldMax) progress.note(`${origin} could not be read: ${reason}`)
    },
  })
  await upload
  await sendAll(listMessages(options.messages), {
    ...{ sqs: stack.clients.sqs, queue: stack.resources.messages.main, signal },
    onSent: (message) => {
      sent.push(message)
      show()
    },
  })
  signal.throwIfAborted()
  await stack.notifier.flush()
  const last = await drain(stack, {
    signal,
    onStatus: (now) => {
      status = now
      show()
    },
  })
  return { uploaded, sent, unread, status: last }
}

const tellServerDir = (path: string, { url, database }: Server): string =>
  `the state of loads into ${url}, database ${database}, is kept in ${relative('', path)}: a second run continues it`

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** The live page of a run that stays up; from now on, while it loads, too. */
const openPage = async (
  stack: Stack,
  watch: Watch,
  history: readonly SealedBatch[],
  parts: Run,
): Promise<LocalServer> => {
  const { datasets, environment, progress, signal } = parts
  const page = await startPage({
    ...{ stack, watch, history, signal },
    tables: datasets.flatMap(({ tables }) => tables),
    routes: routesInForce(parts),
    logLevel: environment['LOG_LEVEL'],
  })
  progress.note(`live page: ${page.url}`)
  return page
}

const keepUp = async (stack: Stack, page: LocalServer, parts: Run): Promise<void> => {
  const { progress, signal } = parts
  const { endpoints, resources, warehouse } = stack
  progress.note(
    [
      '',
      `page        ${page.url}  (all of this as it happens: drop files on it, ask it)`,
      `S3          ${endpoints.s3}  (upload to s3://${resources.bronzeBucket} with any credentials)`,
      `SQS         ${resources.arrivals.main.queueUrl}`,
      `            ${resources.messages.main.queueUrl}  (messages that are data)`,
      `DynamoDB    ${endpoints.dynamodb}`,
      ...(warehouse ? [`ClickHouse  ${warehouse.settings.url}`] : []),
      `Lambda      ${stack.invokeUrl}  (npm run silversmith -- invoke … --dir ${relative('', stack.dir)})`,
      `logs        ${stack.dir}/logs`,
      'It goes on until Ctrl-C.',
    ].join('\n'),
  )
  await untilAborted(signal)
}

/** Exit code: 0 when everything is accounted for, 1 when not. @throws UsageError; what ends the run before its end. */
export const run = async (parts: Run): Promise<0 | 1> => {
  const { options, datasets, progress, print } = parts
  const startedAt = Date.now()
  await checkInputs(options.inputs)
  await checkMessages(options.messages)
  const server = options.targets.includes('clickhouse')
    ? namedServerOf(parts.environment)
    : undefined
  const dir = await openWorkDir(options.dir ?? (server && serverDirOf(server)))
  const failing = new AbortController()
  const signal = AbortSignal.any([parts.signal, failing.signal])
  const tellProblem = createProblemTeller((text) => {
    progress.note(text)
    watch?.hearProblem(text)
  }, Date.now)
  const watch = options.keep ? createWatch(Date.now) : undefined
  let stack: Stack | undefined
  let page: LocalServer | undefined
  try {
    await checkFirstSettings(dir.path, options)
    if (server && options.dir === undefined) progress.note(tellServerDir(dir.path, server))
    progress.live('starting')
    stack = await startStack({
      dir: dir.path,
      targets: options.targets,
      routes: routesOf(options),
      tables: datasets.flatMap(({ tables }) => tables),
      duplicateEvents: options.duplicateEvents,
      migrate: options.migrate,
      environment: parts.environment,
      onInitFailure: (name, failure) => {
        failing.abort(startFailure(name, failure, relative('', logFileOf(dir.path, name))))
      },
      onLine: (name, line) => {
        tellProblem(name, line)
        watch?.hearLine(line)
      },
      onArrival: (record) => watch?.hearArrival(record),
      signal,
    })
    await keepFirstSettings(dir.path, options)
    const earlier = await readHistory(stack, signal)
    const before = new Set(
      earlier.filter(({ batch }) => batch.state === 'C').map(({ batch }) => batch.id),
    )
    if (stack.ours.dynamodb) await endLeases(stack.ledger, signal)
    if (watch) page = await openPage(stack, watch, earlier, parts)
    stack.start()
    const { uploaded, sent, unread, status } = await load(stack, parts, signal)
    progress.live('counting')
    const written = await writeReport(stack, {
      datasets,
      uploaded,
      sent,
      before,
      dead: status.dead,
      startedAt,
      keep: options.keep,
      signal,
    })
    progress.end()
    const { report, known, problems: found } = written
    if (known > 0) progress.note(`${known} of ${uploaded.length} objects had been loaded before`)
    if (!options.json) print(humanReport(report, server ? undefined : options.dir))
    const problems =
      unread.length === 0 ? found : [...found, `inputs that could not be read: ${unread.length}`]
    for (const problem of problems) progress.note(`not accounted for: ${problem}`)
    if (options.json) print(JSON.stringify(report))
    if (page) await keepUp(stack, page, parts)
    return problems.length === 0 ? 0 : 1
  } catch (error) {
    // What was cut off tells only that it was.
    throw signal.aborted ? signal.reason : error
  } finally {
    progress.end()
    await page?.close()
    await stack?.close()
    await dir.release()
  }
}
