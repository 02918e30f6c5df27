/** Who this house is to a target. */
export interface Login {
  readonly user?: string
  readonly password?: string
}

/** Where a login is kept that may change while a process lives. */
export interface LoginSource {
  /** Faults: TARGET_UNAVAILABLE, TARGET_DENIED, DEADLINE_REACHED. */
  read(signal: AbortSignal): Promise<Login>
  /** The target refused the last one: the next `read` asks again. */
  forget(): void
}
