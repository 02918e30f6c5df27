/** One object to be uploaded. */
export interface InputObject {
  readonly key: string
  /** Undefined: not known before it is read. */
  readonly sizeBytes: number | undefined
  readonly contentEncoding?: string | undefined
  /** Where it comes from, for messages. */
  readonly origin: string
  /** Throws while it is read what keeps it from being read. */
  open(): AsyncIterable<Uint8Array>
}
