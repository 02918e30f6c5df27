import type { StateMachineDefinition } from 'aws-local-stepfunctions'
import { readFileSync } from 'node:fs'

/** What Terraform puts into a definition. */
const values: Readonly<Record<string, string>> = {
  partition: 'aws',
  bulk_function_arn: 'arn:aws:lambda:eu-west-1:123456789012:function:bulk',
  silver_bucket: 'silver',
}

/** A state as it is written; what is read of it is there in states of its type. */
export interface State {
  readonly Type: string
  readonly Next?: string
  readonly Resource?: string
  readonly Retry?: readonly { readonly MaxAttempts: number; readonly ErrorEquals: string[] }[]
  readonly Catch?: readonly { readonly Next: string }[]
  readonly ItemProcessor?: Definition
  readonly ItemReader?: { readonly Resource: string; readonly Parameters: object }
  readonly ItemBatcher?: {
    readonly MaxItemsPerBatch: number
    readonly MaxInputBytesPerBatch: number
    readonly BatchInput: object
  }
  readonly ResultWriter?: { readonly Parameters: object }
  readonly MaxConcurrencyPath?: string
  readonly ToleratedFailurePercentagePath?: string
  readonly ResultPath?: string
}

export interface Definition {
  readonly StartAt: string
  readonly States: Readonly<Record<string, State>>
}

export type MachineName = 'backfill' | 'backfill-map'

export const readDefinition = (name: MachineName): Definition => {
  const url = new URL(`../../terraform/modules/backfill/${name}.asl.json`, import.meta.url)
  const text = readFileSync(url, 'utf8').replace(/\$\{(\w+)\}/g, (whole, key: string) => {
    return values[key] ?? whole
  })
  return JSON.parse(text) as Definition
}

/** The interpreter's type of it; it lacks what it does not run. */
export const forInterpreter = (definition: Definition): StateMachineDefinition =>
  definition as unknown as StateMachineDefinition

/** Names of all states, those of children too. */
export const statesOf = ({ States }: Definition): readonly (readonly [string, State])[] =>
  Object.entries(States).flatMap(([name, state]) => [
    [name, state] as const,
    ...(state.ItemProcessor ? statesOf(state.ItemProcessor) : []),
  ])
