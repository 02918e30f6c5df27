import {
  type Disposition,
  type ListedObject,
  type ManifestSource,
  type ObjectRef,
  objectUri,
  routeOf,
  type Source,
  sourceIdOf,
  writeObjectsMessage,
} from '@silversmith/core'
import { judge, type Standing } from '../claims/claims.ts'
import { type Call, mapConcurrently, persist } from '../patience.ts'
import { type Listings, readListings, readStandings } from '../claims/standing.ts'
import type { Position } from './position.ts'
import { passLedger } from './ledger-pass.ts'
import { createTally, type Finding, mendOfManifest, type Tally } from './reconcile-report.ts'
import { graceMs, type Piece, type ReconcileDeps, type ReconcileRequest } from './reconcile-room.ts'

/** Sends at a time; the queue's adapter puts them together. */
const sendsMax = 100

/** Bronze ⟷ claims ⟷ manifests, page by page. Holds one page of versions and the manifest entries of these. */
export const passSources = async function* (
  deps: ReconcileDeps,
  request: ReconcileRequest,
  start: Position,
  call: Call,
): AsyncGenerator<Piece> {
  let position = start
  let found = createTally()
  // A ledger that was restored since brings back this position, too, and the word that nothing is barred.
  if (request.enqueue)
    for await (const piece of passLedger(deps, request, start, call)) {
      if (piece.next?.pass !== 'sources') yield piece
      else [position, found] = [piece.next, piece.found]
    }
  const sending = request.enqueue ? (position.barred ? 'barred' : 'sent') : 'asked'
  for (;;) {
    const { page: from } = position
    const page = await persist(deps.clock, call, () =>
      deps.bronze.list(request.bucket, request.prefix, from, call.signal),
    )
    await lookAt(deps, { ...request, sending }, page.objects, found, call)
    if (page.next === undefined) {
      const { barred } = position
      return void (yield { found, next: { pass: 'batches', ...(barred && { barred }) } })
    }
    position = { ...position, page: page.next }
    yield { found, next: position }
    found = createTally()
  }
}

const lookAt = async (
  deps: ReconcileDeps,
  { since = 0, sending, setAside = false }: ReconcileRequest & { readonly sending: Sending },
  objects: readonly ListedObject[],
  found: Tally,
  call: Call,
): Promise<void> => {
  const sources: Source[] = []
  const modified = new Map<string, number>()
  for (const { object, sizeBytes, lastModified } of objects) {
    if (lastModified < since || (object.key.endsWith('/') && sizeBytes === 0)) continue
    const dataset = routeOf(deps.routes, object.key)
    const id = sourceIdOf(deps.pipeline, object)
    if (dataset === undefined) tell(found, { id, object, dataset, generation: 0 }, unrouted)
    else sources.push({ id, object, dataset, generation: 0 })
    modified.set(id, lastModified)
  }
  const standings = await readStandings(deps, sources, call)
  const listings: Listings = new Map()
  const asked = new Set(sources.map(({ id }) => id))
  await readListings(deps, standings, { asked, listings }, call)
  const unloaded: Source[] = []
  for (const standing of standings) {
    const { source, claim, batch } = standing
    const listing = batch && listings.get(batch.item.id)
    const manifest = batch?.item.manifest && !listing ? 'unreadable' : listing?.get(source.id)
    const lastModified = modified.get(source.id) ?? 0
    const moment = { lastModified, now: deps.clock.now() }
    const assessment = assess(standing, manifest, { ...moment, sending, setAside })
    tell(found, source, assessment)
    if (assessment.isAskedFor) unloaded.push({ ...source, generation: claim?.item.generation ?? 0 })
  }
  if (sending !== 'sent') return
  await mapConcurrently(unloaded, sendsMax, (source) =>
    deps.queue.send(writeObjectsMessage(deps.pipeline, { kind: 'source', source })),
  )
  found.count('enqueued', unloaded.length)
}

/** `barred`: asked for, and not done. */
type Sending = 'asked' | 'sent' | 'barred'

interface Assessment {
  readonly count: 'matched' | 'recent' | 'missing' | 'stuck' | 'setAside' | 'unrouted'
  readonly why?: string
  readonly batch?: string
  /** Undefined: sending the object again mends it. */
  readonly mend?: string
  /** It is sent where that was asked for. */
  readonly isAskedFor?: boolean
}

const unrouted: Assessment = {
  count: 'unrouted',
  why: 'no route accepts its key',
  mend: 'add a route for it to ROUTES, or let it be',
}

const tell = (found: Tally, { object }: Source, { count, ...told }: Assessment): void => {
  found.count(count)
  if (count === 'matched' || count === 'recent') return
  const { why = '', batch, mend } = told
  const finding: Finding = {
    kind: count === 'setAside' ? 'source-set-aside' : `source-${count}`,
    ...{ url: objectUri(object), version: object.version, why },
    ...(batch !== undefined && { batch }),
    mend: mend ?? sendAgain(object),
  }
  found.find(finding)
}

const sendAgain = ({ key }: ObjectRef): string =>
  `silversmith reconcile --prefix ${quote(key)} --enqueue`

/** For a POSIX shell. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const sweep = (batch: string): string =>
  `silversmith batch show ${batch}; the sweep ({"mode":"sweep"}) takes it up`

/** The standing of one version. `listed`: its entry in its batch's manifest. Pure. */
const assess = (
  standing: Standing,
  listed: ManifestSource | 'unreadable' | undefined,
  {
    lastModified,
    now,
    sending,
    setAside,
  }: {
    readonly lastModified: number
    readonly now: number
    readonly sending: Sending
    readonly setAside: boolean
  },
): Assessment => {
  const { claim } = standing
  const batch = standing.batch?.item
  const touched = Math.max(lastModified, batch?.sealedAt ?? batch?.leaseUntil ?? 0)
  const isRecent = touched > now - graceMs
  const id = claim?.item.batch ?? ''
  if (listed === 'unreadable') {
    const why = 'the manifest of its batch cannot be read (see the log)'
    return { count: 'stuck', batch: id, why, mend: mendOfManifest(batch?.manifest?.key ?? '') }
  }
  const { kind } = judge(standing, listed, now)
  const mend = listed && mendsOfSetAside[listed.disposition]?.(standing.source.object)
  if (listed && mend !== undefined && batch?.state === 'C') {
    const why = `nothing of it was loaded, it is ${listed.disposition}: ${listed.reason ?? ''}`
    const isAskedFor = setAside && kind === 'free'
    const told = isAskedFor ? { isAskedFor, mend, ...mends[sending] } : { mend }
    return { count: 'setAside', batch: id, why, ...told }
  }
  if (kind === 'done' || mend !== undefined) {
    if (batch?.state === 'C') return { count: 'matched' }
    if (isRecent) return { count: 'recent' }
    const why = `its batch is sealed and not committed for over ${hours}`
    return { count: 'stuck', batch: id, why, mend: sweep(id) }
  }
  switch (kind) {
    case 'alarm':
      return {
        ...{ count: 'stuck', batch: id },
        why: 'it is claimed for a batch the ledger does not have',
        mend: `silversmith ledger rebuild; where the batch has no manifest: silversmith batch free ${id}`,
      }
    case 'wait':
      return { count: 'recent' }
    case 'abort': {
      if (isRecent) return { count: 'recent' }
      const why = `its batch is forming, and the lease of that is over for more than ${hours}`
      return { count: 'stuck', batch: id, why, mend: sweep(id) }
    }
    case 'free': {
      if (isRecent) return { count: 'recent' }
      const why = claim ? whyFree(listed, batch?.state === 'A') : 'no batch ever claimed it'
      return {
        ...{ count: 'missing', why, isAskedFor: true },
        ...(claim && { batch: id }),
        ...mends[sending],
      }
    }
  }
}

const mends: Readonly<Record<Sending, Pick<Assessment, 'mend'>>> = {
  asked: {},
  sent: { mend: 'done: it was sent to transform' },
  barred: {
    mend: 'silversmith ledger rebuild, then again: it was not sent, for one of the batches the ledger lost may have loaded it',
  },
}

/** Nothing of these was loaded, and that is accounted for: nobody sends them but on purpose. */
const mendsOfSetAside: Readonly<Partial<Record<Disposition, (object: ObjectRef) => string>>> = {
  'too-large': (object) =>
    `split it and upload the parts, or raise the limit that is named; then ${sendAgain(object)} --set-aside`,
  unreadable: (object) =>
    `correct it and upload it again; if it is right as it is: ${sendAgain(object)} --set-aside`,
  poison: () =>
    'look at the object, correct it and upload it again: this version is never opened any more',
}

const hours = `${graceMs / 3_600_000} h`

const whyFree = (listed: ManifestSource | undefined, isAborted: boolean): string => {
  if (isAborted) return 'the batch that claimed it was aborted, and nobody came again'
  return listed
    ? `its batch sealed it as ${listed.disposition}, and now it could be loaded`
    : 'its batch set it aside before the seal, and nobody came again'
}
