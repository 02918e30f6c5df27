/** `changing`: on its way to one of the others; `list` tells when it is there. */
export type EventMappingState = 'enabled' | 'disabled' | 'changing'

/** What feeds a function from a queue: an event source mapping of Lambda. */
export interface EventMapping {
  readonly id: string
  readonly queueArn: string
  /** Name or ARN by which the function is invoked. */
  readonly functionName: string
  readonly state: EventMappingState
  /** Epoch ms by the clock of its owner: when its state last changed. */
  readonly changedAt: number
}

/** `failed`: the function ended with an error. `throttled`: it was not begun. In no case it does anything more. */
export type DeliveryEnd = 'ended' | 'failed' | 'throttled'

/** Switches the flow of messages into functions off and on. Errors are Faults of the queue. */
export interface EventMappings {
  /** Those of one queue. */
  list(queueArn: string, signal: AbortSignal): Promise<readonly EventMapping[]>
  /** Those that feed one function, whatever their queue; of a name or an ARN. */
  listOf(functionName: string, signal: AbortSignal): Promise<readonly EventMapping[]>
  /** Asks for it. One that is changing just now stays as it is: ask again. */
  turn(id: string, isOn: boolean, signal: AbortSignal): Promise<void>
  /**
   * Hands messages to the function of a mapping as its queue would, and waits until the function has ended. After
   * QUEUE_UNAVAILABLE or an abort nobody knows whether it still runs.
   */
  deliver(
    mapping: EventMapping,
    bodies: readonly string[],
    signal: AbortSignal,
  ): Promise<DeliveryEnd>
}

/** How full a queue is; about, for SQS counts its machines one by one. */
export interface QueueDepth {
  readonly queueArn: string
  /** To be had now. */
  readonly ready: number
  /** To be had later. */
  readonly delayed: number
  /** Received, and neither deleted nor given back. */
  readonly inFlight: number
}

/** Measures a queue. Errors are Faults of the queue. */
export interface QueueMeter {
  /** How the queue is called in the house: `arrivals`, `objects`, `messages/<queue>`. */
  readonly name: string
  measure(signal: AbortSignal): Promise<QueueDepth>
}
