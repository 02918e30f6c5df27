import { Fault } from '@silversmith/core'
import type { ExistingTable } from './existing.ts'

/** Tokens in a row that crashes may have spent. */
const spentTokensMax = 3

export interface UnspentSending {
  /** An INSERT under it was acknowledged just now. */
  readonly token: string
  readonly database: string
  readonly table: ExistingTable
  /** Runs the same INSERT under another token. */
  send(token: string): Promise<void>
  /** Does the table hold rows of the chunk? */
  isThere(): Promise<boolean>
}

/**
 * For an INSERT that somebody may have sent before: sees that its rows are there. A MergeTree without replicas writes a token
 * into its log first and gives the part its name next (`MergeTreeSink::commitPart`, 26.7): killed between the two, it takes
 * every repetition for done and has no row. Such a token is spent; the INSERT is sent under the next one, the same for
 * everybody who finds it so, that again only one of them lands. Replicated tables do both in one transaction of Keeper.
 *
 * Throws TARGET_MISCONFIGURED where views may have the rows, or when no token brings them.
 */
export const sendUnspent = async (sending: UnspentSending): Promise<void> => {
  const { token, table } = sending
  if (/^(Replicated|Shared)/.test(table.engine)) return
  for (let spent = 1; spent <= spentTokensMax; spent += 1) {
    if (await sending.isThere()) return
    if (table.feeds.length > 0) throw spentToken(sending)
    await sending.send(`${token}~${spent}`)
  }
  if (!(await sending.isThere())) throw spentToken(sending)
}

const spentToken = ({ token, database, table: { name, feeds } }: UnspentSending): Fault =>
  new Fault(
    'TARGET_MISCONFIGURED',
    `${database}.${name} takes INSERTs of chunk ${token} for repeated and shows none of its rows: ` +
      (feeds.length > 0
        ? `the server crashed in one, and what reads the table (${feeds.map((view) => view.join('.')).join(', ')}) may have them. ` +
          'Drop the views; the batch commits; create and fill them again'
        : 'they are deleted at once, or hidden from this user. Look for a TTL or a row policy; the batch waits'),
  )
