import type { ObjectsMessage, Source } from '@silversmith/core'
import { applyBatch } from '../apply/apply.ts'
import { probeTarget } from '../breaker/probe.ts'
import { runBatch, type TransformDeps, triesMax, triesOf } from './batch-run.ts'
import { describeFailure } from '../failure.ts'
import type { Call } from '../patience.ts'
import { pinTargets } from '../claims/pipeline-pin.ts'
import { type Judged, judgeSources } from '../claims/standing.ts'

/** One queue message. `message` is undefined when its body is not one of ours; a message that is data asks for itself. */
export interface Delivery {
  readonly messageId: string
  readonly message: ObjectsMessage | undefined
}

/**
 * Takes queue messages through stage → seal → apply → commit. Returns the ids of the messages that must stay on the queue: all
 * others' sources are durable in a sealed batch, or were before. Never throws for what is wrong with one source.
 */
export const createTransform = (deps: TransformDeps) => {
  let isPinned = false
  return async (deliveries: readonly Delivery[], call: Call): Promise<readonly string[]> => {
    if (!isPinned) {
      const targets = deps.targets.map(({ name }) => name)
      await pinTargets(deps, deps.pipeline, targets, call)
      isPinned = true
    }
    const open = new Set(deliveries.map(({ messageId }) => messageId))
    const messagesOf = new Map<string, string[]>()
    const sources = new Map<string, Source>()
    const batches = new Map<string, string[]>()
    const probes = new Map<string, string[]>()
    for (const { messageId, message } of deliveries) {
      if (!message) {
        const reason = 'its body is no objects message of this pipeline'
        deps.log.emit({ kind: 'message-unreadable', messageId, reason })
      } else if (message.kind === 'batch') {
        batches.set(message.batch, [...(batches.get(message.batch) ?? []), messageId])
      } else if (message.kind === 'probe') {
        probes.set(message.target, [...(probes.get(message.target) ?? []), messageId])
      } else {
        const { source } = message
        // The highest generation asked for is the one to load.
        const known = sources.get(source.id)
        const chosen = known && known.generation >= source.generation ? known : source
        // Only events tell it; a listing may have sent the same object.
        const sequencer = source.sequencer ?? known?.sequencer
        sources.set(source.id, { ...chosen, ...(sequencer !== undefined && { sequencer }) })
        messagesOf.set(source.id, [...(messagesOf.get(source.id) ?? []), messageId])
      }
    }
    const ack = (id: string): void =>
      messagesOf.get(id)?.forEach((messageId) => open.delete(messageId))

    // Batches first, or a full queue of sources would keep them waiting; half the time at most, or they the sources.
    const now = deps.clock.now()
    const share = sources.size > 0 ? 0.5 : 1
    const wholeUntil = now + (call.deadline - now) * spentShareMax
    const halfway = { ...call, deadline: now + (call.deadline - now) * share }
    for (const [id, messageIds] of batches) {
      if (deps.clock.now() > halfway.deadline) break
      await attempt(deps, async () => {
        await applyBatch(deps, id, 'later', halfway)
        messageIds.forEach((messageId) => open.delete(messageId))
      })
    }
    for (const [target, messageIds] of probes) {
      if (deps.clock.now() > halfway.deadline) break
      await attempt(deps, () => probeTarget(deps, target, halfway))
      // Whatever came of it: the breaker knows, and the sweep asks again.
      messageIds.forEach((messageId) => open.delete(messageId))
    }
    await attempt(deps, () => loadSources(deps, [...sources.values()], ack, wholeUntil, call))
    return [...open]
  }
}

/** An invocation that has spent no more than this on other things has its whole time for one source. */
const spentShareMax = 0.1

/** What fails is told and left on the queue; the rest of the invocation goes on. */
const attempt = async (
  deps: Pick<TransformDeps, 'log'>,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await work()
  } catch (error) {
    deps.log.emit({ kind: 'work-failed', ...describeFailure(error) })
  }
}

const loadSources = async (
  deps: TransformDeps,
  sources: readonly Source[],
  ack: (sourceId: string) => void,
  wholeUntil: number,
  call: Call,
): Promise<void> => {
  const judged = await judgeSources(deps, sources, call)
  for (const { source, verdict } of judged) if (verdict.kind === 'done') ack(source.id)
  const free = judged.filter(({ verdict }) => verdict.kind === 'free').map(withHighestGeneration)
  const healthy = free.filter((one) => lostWith(one) === undefined && cutsOf(one) === 0)
  const cut = free
    .filter((one) => lostWith(one) === undefined && cutsOf(one) > 0)
    .toSorted((a, b) => cutsOf(a) - cutsOf(b))
  // Every other time the one cut most often goes first, or a steady flow of others would never leave it the time it needs.
  const [longest] = cut.slice(-1).filter((one) => cutsOf(one) % 2 === 0)
  if (longest) {
    const mode = deps.clock.now() < wholeUntil ? 'whole' : 'usual'
    await attempt(deps, () => runBatch(deps, [longest], ack, call, mode))
  }
  const { batchSourcesMax } = deps.limits
  for (let at = 0; at < healthy.length; at += batchSourcesMax) {
    if (deps.clock.now() > call.deadline) return
    await attempt(deps, () => runBatch(deps, healthy.slice(at, at + batchSourcesMax), ack, call))
  }
  // One by one and after the others, for each may take all the time there is.
  for (const one of cut) {
    if (deps.clock.now() > call.deadline) return
    if (one !== longest) await attempt(deps, () => runBatch(deps, [one], ack, call))
  }
  // Last of all, for it may take the process with it.
  const suspects = suspectGroup(free)
  if (suspects.length > 0 && deps.clock.now() <= call.deadline) {
    await attempt(deps, () => runSuspects(deps, suspects, ack, call))
  }
}

/** A reload that came to nothing leaves its generation on the claim; whoever loads the source now does it for the reload. */
const withHighestGeneration = (judged: Judged): Judged => {
  const generation = Math.max(judged.source.generation, judged.claim?.item.generation ?? 0)
  return { ...judged, source: { ...judged.source, generation } }
}

const cutsOf = ({ claim }: Judged): number => claim?.item.cuts ?? 0

const lostWith = ({ verdict }: Judged): number | undefined =>
  verdict.kind === 'free' ? verdict.lostWith : undefined

/**
 * Sources that went down together with one batch, at most half as many as that batch had: each further crash halves the group,
 * until the culprit stands alone. The other suspects wait for their redelivery.
 */
const suspectGroup = (free: readonly Judged[]): readonly Judged[] => {
  const [first] = free.filter((one) => lostWith(one) !== undefined)
  const size = first && lostWith(first)
  if (!first || size === undefined) return []
  const together = free.filter(
    (one) => lostWith(one) !== undefined && one.claim?.item.batch === first.claim?.item.batch,
  )
  return together.slice(0, Math.max(1, Math.floor(size / 2)))
}

const runSuspects = async (
  deps: TransformDeps,
  suspects: readonly Judged[],
  ack: (sourceId: string) => void,
  call: Call,
): Promise<void> => {
  const [alone] = suspects
  const tries = alone ? triesOf(alone) : 0
  for (const { source } of suspects)
    deps.log.emit({ kind: 'source-suspected', source: source.id, tries })
  if (suspects.length > 1) return runBatch(deps, suspects, ack, call)
  // A message would be deleted with the only copy of its bytes: its queue moves it to the dead letters in the end.
  return tries >= triesMax && !alone?.source.content
    ? runBatch(deps, suspects, ack, call, 'condemn')
    : runBatch(deps, suspects, ack, call, 'solo')
}
