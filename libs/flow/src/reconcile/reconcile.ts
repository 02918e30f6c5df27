import { type Fault, isFault } from '@silversmith/core'
import type { Call } from '../patience.ts'
import { passBatches } from './batch-pass.ts'
import { passLedger } from './ledger-pass.ts'
import { type Position, readPosition, writePosition } from './position.ts'
import { createTally, type Finding, type ReconcileReport } from './reconcile-report.ts'
import type { Piece, ReconcileDeps, ReconcileRequest } from './reconcile-room.ts'
import { passSources } from './source-pass.ts'
import { passTokens } from './token-pass.ts'

export type Reconcile = (request: ReconcileRequest, call: Call) => Promise<ReconcileReport>

/**
 * Compares in four passes: manifests ⟷ ledger, bronze ⟷ claims, manifests ⟷ targets, targets ⟷ ledger; and says what is
 * missing, stuck, or there without reason. Changes nothing; with `enqueue` it sends what is missing to transform, whose claims
 * take care of what was sent twice. It sends nothing while the ledger lacks batches that manifests tell of, also of manifests
 * written since a call before: the ledger may have been restored between the two. Works until all was
 * looked at or the deadline is reached; `next` is then where another call goes on. What was begun and not ended is not told.
 *
 * Each source costs two reads of its claim, one as an object of bronze and one as an entry of its manifest; each chunk found in a
 * target a look at the manifest of its batch, at most once for each batch of 1 000 tokens.
 *
 * Memory is that of one page of 1 000 versions with their claims and 8 manifests at a time, or of 4 manifests (5 000 sources
 * and 1 000 chunks each) with what the targets hold of these, or of 20 000 tokens; whatever the number of objects.
 *
 * Throws Fault EVENT_UNKNOWN for a `from` of somebody else, and faults of the ports but DEADLINE_REACHED.
 */
export const createReconcile =
  (deps: ReconcileDeps): Reconcile =>
  async (request, call) => {
    const total = createTally()
    let position: Position | undefined =
      request.from === undefined ? { pass: 'ledger' } : readPosition(request.from)
    const isOver = (): boolean => call.signal.aborted || deps.clock.now() > call.deadline
    let failure: { readonly error: unknown } | undefined
    try {
      while (position && !isOver()) {
        const { pass }: Position = position
        const down = new Set(deps.down?.keys())
        try {
          for await (const piece of openPass(deps, request, position, call)) {
            total.add(piece.found)
            position =
              request.sourcesOnly && piece.next?.pass === 'batches' ? undefined : piece.next
            if (position?.pass !== pass || isOver()) break
          }
        } catch (error) {
          // The piece it kept from its end is begun again, without it.
          const failed = [...(deps.down ?? [])].filter(([name]) => !down.has(name))
          if (failed.length === 0) throw error
          for (const [name, fault] of failed) total.find(notCompared(name, fault))
        }
      }
    } catch (error) {
      // What was found before must be told all the same: a target that does not answer hides no lost event.
      if (!isFault(error, 'DEADLINE_REACHED')) failure = { error }
    }
    const { counts, findings, truncated } = total
    for (const { kind: finding, ...found } of findings)
      deps.log.emit({ ...found, kind: 'reconcile-found', finding })
    deps.log.emit({ kind: 'reconcile-done', ...counts })
    if (failure) throw failure.error
    const next = position && { next: writePosition(position) }
    const compared = deps.inspectors.filter(({ name }) => !deps.down?.has(name))
    const targets = request.sourcesOnly ? [] : compared.map(({ name }) => name)
    return { counts: { ...counts }, findings, truncated, targets, ...next }
  }

const notCompared = (target: string, { code, message }: Fault): Finding => ({
  ...{ kind: 'target-not-compared', target, why: `${code}: ${message}` },
  mend: 'silversmith doctor says what is wrong with it; mend that, and reconcile again',
})

const openPass = (
  deps: ReconcileDeps,
  request: ReconcileRequest,
  position: Position,
  call: Call,
): AsyncGenerator<Piece> => {
  switch (position.pass) {
    case 'ledger':
      return passLedger(deps, request, position, call)
    case 'sources':
      return passSources(deps, request, position, call)
    case 'batches':
      return passBatches(deps, request, position, call)
    case 'tokens':
      return passTokens(deps, request, position, call)
  }
}
