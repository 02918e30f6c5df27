import {
  type Bill,
  billOf,
  bytesPerGb,
  type Deployment,
  idleOf,
  type Inputs,
  keptOf,
  recordsOf,
  timesOf,
  totalOf,
  transformInvocation,
} from '@silversmith/flow/cost'
import { hitAt, reachAll, useOf } from './capacity.ts'
import { withTransform, withWindow } from './deployment.ts'
import type { Setup } from './moves.ts'
import { others } from './others.ts'

export interface Question {
  readonly inputs: Inputs
  readonly deployment: Deployment
  /** All sizes of objects bring so many bytes a second. */
  readonly streamBytes: number
  /** Of the objects of the tables that have one size. */
  readonly objectBytes: number
  readonly days: number
}

export const objectSizes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const
export const memories = [512, 1_024, 1_769, 3_008] as const
export const windows = [1, 10, 60, 300] as const
export const rates = [10, 1_000, 100_000] as const
/** Of the tables that have one memory: one vCPU. */
export const usualMemoryMb = 1_769
const longWindowSeconds = 60
const million = 1e6

export interface Cost {
  readonly dollarsPerGb: number
  readonly dollarsPerMillionRecords: number
}

const trafficOf = ({ streamBytes, days }: Question, objectBytes: number) => ({
  ...{ objectBytes, days, objectsPerSecond: streamBytes / objectBytes },
})

const costOf = ({ inputs }: Question, objectBytes: number, dollars: number): Cost => ({
  dollarsPerGb: (dollars / objectBytes) * bytesPerGb,
  dollarsPerMillionRecords: (dollars / recordsOf(inputs, objectBytes)) * million,
})

const withMemory = (question: Question, memoryMb: number): Deployment =>
  withTransform(question.deployment, { memoryMb })

/** By size of objects: by memory, and of the usual memory what it is made of. `null`: not within one invocation. */
export const costsOf = (question: Question) =>
  objectSizes.map((objectBytes) => {
    const { inputs } = question
    const traffic = trafficOf(question, objectBytes)
    const usual = withMemory(question, usualMemoryMb)
    const bill = billOf(inputs, usual, traffic)
    const invocation = transformInvocation(inputs, usual, traffic)
    return {
      objectBytes,
      memories: memories.map((memoryMb) => {
        const own = billOf(inputs, withMemory(question, memoryMb), traffic)
        return { memoryMb, cost: own ? costOf(question, objectBytes, totalOf(own)) : null }
      }),
      madeOfPerGb: bill ? billPerGb(bill, objectBytes) : null,
      objectsPerBatch: invocation?.objects ?? null,
      secondsPerBatch: invocation?.seconds ?? null,
      keptPerGbMonth: (keptOf(inputs, objectBytes) / objectBytes) * bytesPerGb,
    }
  })

const billPerGb = (bill: Bill, objectBytes: number): Bill => timesOf(bill, bytesPerGb / objectBytes)

/** The same objects by the window of both mappings. */
export const windowsOf = (question: Question) =>
  windows.map((windowSeconds) => {
    const { inputs, objectBytes } = question
    const deployment = withWindow(withMemory(question, usualMemoryMb), windowSeconds)
    const traffic = trafficOf(question, objectBytes)
    const bill = billOf(inputs, deployment, traffic)
    const invocation = transformInvocation(inputs, deployment, traffic)
    return {
      windowSeconds,
      cost: bill ? costOf(question, objectBytes, totalOf(bill)) : null,
      objectsPerBatch: invocation?.objects ?? null,
      insertsPerSecond: invocation
        ? (traffic.objectsPerSecond / invocation.objects) * invocation.shape.chunks
        : null,
    }
  })

/** Dollars per GB by size of objects, ours with two windows and the others. */
export const comparisonOf = (question: Question) => {
  const { inputs } = question
  const usual = withMemory(question, usualMemoryMb)
  const ours = [...new Set([usual.transform.windowSeconds, longWindowSeconds])].map((seconds) => {
    const deployment = withWindow(usual, seconds)
    const dollarsOf = (objectBytes: number): number | undefined => {
      const bill = billOf(inputs, deployment, trafficOf(question, objectBytes))
      return bill && totalOf(bill)
    }
    return { name: `ours, window ${seconds} s`, isOther: false, told: '', dollarsOf }
  })
  const theirs = others.map(({ name, told, dollars }) => {
    const dollarsOf = (objectBytes: number): number | undefined =>
      dollars(inputs, usual, trafficOf(question, objectBytes))
    return { name, isOther: true, told, dollarsOf }
  })
  return [...ours, ...theirs].map(({ name, isOther, told, dollarsOf }) => {
    const perGb = (objectBytes: number): number | null => {
      const dollars = dollarsOf(objectBytes)
      return dollars === undefined ? null : costOf(question, objectBytes, dollars).dollarsPerGb
    }
    return {
      ...{ name, isOther, told },
      sizes: objectSizes.map((objectBytes) => ({ objectBytes, dollarsPerGb: perGb(objectBytes) })),
      ofOneSize: perGb(question.objectBytes),
    }
  })
}

/** What limits such objects, with the window of the deployment and with a long one. `null`: never reached. */
export const capacityOf = (question: Question) => {
  const { inputs, deployment, objectBytes, days } = question
  return [...new Set([deployment.transform.windowSeconds, longWindowSeconds])].map((window) => {
    const setup: Setup = {
      ...{ inputs, objectBytes, days, deployment: withWindow(deployment, window) },
    }
    return {
      windowSeconds: window,
      limits: reachAll(setup).map(({ limit, reach, setting, reachMoved }) => ({
        ...{ name: limit.name, unit: limit.unit, supply: limit.supply(setup), setting },
        ...{ objectsPerSecond: reach ?? null, objectsPerSecondMoved: reachMoved ?? null },
        uses: rates.map((rate) => useOf(limit, setup, rate)),
      })),
      rates: rates.map((rate) => {
        const { over, next } = hitAt(setup, rate)
        const tell = ({ limit, use, setting }: (typeof over)[number]) => ({
          ...{ name: limit.name, use, setting },
        })
        return { objectsPerSecond: rate, over: over.map(tell), next: next ? tell(next) : null }
      }),
    }
  })
}

export const reportOf = (question: Question) => ({
  costs: costsOf(question),
  windows: windowsOf(question),
  comparison: comparisonOf(question),
  capacity: capacityOf(question),
  idlePerMonth: idleOf(question.inputs),
})

export type Report = ReturnType<typeof reportOf>
