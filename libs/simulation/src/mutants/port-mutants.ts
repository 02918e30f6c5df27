import { createHash } from 'node:crypto'
import { isFault, objectUri } from '@silversmith/core'
import type { Ports } from '../world/simulated-ports.ts'
import { blindWrites, expiringClaims, staleReads } from './ledger-lies.ts'
import type { Mutant } from './mutant.ts'
import { forgetfulCopies, forgetfulStaging } from './store-lies.ts'
import { reconciled, unsweptLeases } from './terrains.ts'

const idle = new AbortController().signal

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

/** As ListObjectsV2 tells them: by etag, whatever the bucket. */
const unversionedListings = (ports: Ports): Ports => ({
  ...ports,
  bronze: {
    ...ports.bronze,
    list: async (bucket, prefix, from, signal) => {
      const page = await ports.bronze.list(bucket, prefix, from, signal)
      const objects = page.objects.map(async (listed) => {
        const hash = createHash('md5')
        for await (const piece of (await ports.bronze.open(listed.object, signal)).body)
          hash.update(piece)
        const version = hash.digest('hex')
        return { ...listed, object: { ...listed.object, version, versioned: false } }
      })
      return { ...page, objects: await Promise.all(objects) }
    },
  },
})

/** Surroundings that break their promise. */
export const portMutants: readonly Mutant[] = [
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
    terrain: unsweptLeases,
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
  {
    name: 'a listing names objects otherwise than their events',
    mutation: { ports: unversionedListings },
    terrain: reconciled,
    worldsMax: 5,
  },
  { name: 'nobody sweeps', mutation: { isSwept: false }, worldsMax: 50 },
]
