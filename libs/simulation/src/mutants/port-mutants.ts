import { isFault, objectUri } from '@silversmith/core'
import type { Versioned } from '@silversmith/core'
import type { MemoryLedger } from '../memory/memory-ledger.ts'
import type { MemoryStore } from '../memory/memory-store.ts'
import type { Ports } from '../world/simulated-ports.ts'
import type { Mutation } from './mutation.ts'

/** A world that breaks one promise the protocol stands on. */
export interface Mutant {
  /** What is broken, in a sentence. */
  readonly name: string
  readonly mutation: Mutation
  /** The harness must find it in this many worlds; several times what it took when this was written. */
  readonly worldsMax: number
}

const idle = new AbortController().signal
const claimTtlMs = 20 * 60_000
const staleMs = 5_000

const blindWrites = (ledger: MemoryLedger): MemoryLedger => ({
  ...ledger,
  write: async (item, _expected, signal) => {
    const [found] = await ledger.read([item], signal)
    return ledger.write(item, found?.revision ?? 0, signal)
  },
})

const expiringClaims = (ledger: MemoryLedger, now: () => number): MemoryLedger => {
  const writtenAt = new Map<string, number>()
  const isExpired = (found: Versioned): boolean =>
    found.item.kind === 'claim' && now() - (writtenAt.get(found.item.id) ?? 0) > claimTtlMs
  return {
    ...ledger,
    read: async (keys, signal) =>
      (await ledger.read(keys, signal)).map((found) =>
        found && isExpired(found) ? undefined : found,
      ),
    write: async (item, expected, signal) => {
      const [found] = await ledger.read([item], signal)
      const revision = found && expected === 0 && isExpired(found) ? found.revision : expected
      const isWritten = await ledger.write(item, revision, signal)
      if (isWritten) writtenAt.set(item.id, now())
      return isWritten
    },
  }
}

const staleReads = (ledger: MemoryLedger, now: () => number): MemoryLedger => {
  const before = new Map<string, { readonly found: Versioned | undefined; readonly at: number }>()
  const nameOf = ({ kind, id }: { kind: string; id: string }): string => `${kind} ${id}`
  return {
    ...ledger,
    read: async (keys, signal) => {
      const found = await ledger.read(keys, signal)
      return found.map((entry, index) => {
        const key = keys[index]
        const stale = key && before.get(nameOf(key))
        return stale && now() - stale.at < staleMs ? stale.found : entry
      })
    },
    write: async (item, expected, signal) => {
      const [found] = await ledger.read([item], signal)
      const isWritten = await ledger.write(item, expected, signal)
      if (isWritten) before.set(nameOf(item), { found, at: now() })
      return isWritten
    },
  }
}

const forgetfulCopies = (store: MemoryStore): MemoryStore => ({
  ...store,
  copy: async () => undefined,
})

const forgetfulStaging = (store: MemoryStore): MemoryStore => {
  let count = 0
  return {
    ...store,
    write: async (key, bytes, file, signal) => {
      count += 1
      if (key.startsWith('_staging/') && count % 5 === 0) return
      await store.write(key, bytes, file, signal)
    },
  }
}

const anyVersion = (ports: Ports): Ports => ({
  ...ports,
  bronze: {
    ...ports.bronze,
    open: async ({ bucket, key }, signal) =>
      ports.bronze.open(await ports.bronze.head(bucket, key, signal), signal),
  },
})

const shortBodies = (ports: Ports): Ports => ({
  ...ports,
  bronze: {
    ...ports.bronze,
    open: async (object, signal) => {
      const opened = await ports.bronze.open(object, signal)
      const body = async function* (): AsyncGenerator<Uint8Array> {
        try {
          yield* opened.body
        } catch (error) {
          if (!isFault(error, 'STORE_UNAVAILABLE')) throw error
        }
      }
      return { ...opened, body: body() }
    },
  },
})

const hopefulInserts = (ports: Ports): Ports => ({
  ...ports,
  clickHouse: {
    ...ports.clickHouse,
    put: async (batch, chunk, signal) => {
      try {
        await ports.clickHouse.put(batch, chunk, signal)
      } catch (error) {
        if (!isFault(error, 'TARGET_OUTCOME_UNKNOWN')) throw error
      }
    },
  },
})

const freshTokens = (ports: Ports): Ports => ({
  ...ports,
  clickHouse: {
    ...ports.clickHouse,
    put: (batch, chunk, signal) =>
      ports.clickHouse.put(`${batch}#${ports.ids.next()}`, chunk, signal),
  },
})

const unseenRows = (ports: Ports): Ports => ({
  ...ports,
  clickHouse: { ...ports.clickHouse, has: async () => true },
})

const hopefulWrites = (ports: Ports): Ports => ({
  ...ports,
  ledger: {
    ...ports.ledger,
    write: async (item, expected, signal) => {
      try {
        return await ports.ledger.write(item, expected, signal)
      } catch (error) {
        if (!isFault(error, 'LEDGER_UNAVAILABLE')) throw error
        return true
      }
    },
  },
})

const goneOnFault = (ports: Ports): Ports => ({
  ...ports,
  bronze: {
    ...ports.bronze,
    open: async (object, signal) => {
      try {
        return await ports.bronze.open(object, signal)
      } catch (error) {
        if (!isFault(error, 'STORE_UNAVAILABLE')) throw error
        return ports.bronze.open({ ...object, key: `${objectUri(object)} lost` }, idle)
      }
    },
  },
})

/** Each is killed by the harness, or the harness is worth nothing. */
export const mutants: readonly Mutant[] = [
  { name: 'the target remembers no token', mutation: { windowBlocks: 0 }, worldsMax: 50 },
  { name: 'every insert has a fresh token', mutation: { ports: freshTokens }, worldsMax: 50 },
  {
    name: 'an insert of unknown outcome counts as done',
    mutation: { ports: hopefulInserts },
    worldsMax: 50,
  },
  {
    name: 'the target always says the rows are there',
    mutation: { ports: unseenRows },
    worldsMax: 50,
  },
  {
    name: 'a ledger write succeeds on any revision',
    mutation: { ledger: blindWrites },
    worldsMax: 200,
  },
  {
    name: 'a ledger write of unknown outcome counts as done',
    mutation: { ports: hopefulWrites },
    worldsMax: 100,
  },
  {
    name: 'the ledger reads what was before the last write',
    mutation: { ledger: staleReads },
    worldsMax: 50,
  },
  {
    name: 'claims expire after twenty minutes',
    mutation: { ledger: expiringClaims },
    worldsMax: 100,
  },
  { name: 'a copy is confirmed and not made', mutation: { store: forgetfulCopies }, worldsMax: 20 },
  {
    name: 'some staged files are confirmed and not kept',
    mutation: { store: forgetfulStaging },
    worldsMax: 20,
  },
  {
    name: 'objects are read without their version',
    mutation: { ports: anyVersion },
    worldsMax: 100,
  },
  { name: 'a dropped connection ends the body', mutation: { ports: shortBodies }, worldsMax: 100 },
  { name: 'a failed read counts as gone', mutation: { ports: goneOnFault }, worldsMax: 100 },
  {
    name: 'messages are deleted when delivered',
    mutation: { finish: (all) => all },
    worldsMax: 100,
  },
  { name: 'nobody sweeps', mutation: { isSwept: false }, worldsMax: 50 },
]
