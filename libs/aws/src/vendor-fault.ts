import type { FaultCode } from '@silversmith/core'
import { Fault, isFault } from '@silversmith/core'

export type Service = 'store' | 'ledger' | 'queue' | 'secret'
type Kind = 'unavailable' | 'denied'

const codes: Readonly<Record<Service, Readonly<Record<Kind, FaultCode>>>> = {
  store: { unavailable: 'STORE_UNAVAILABLE', denied: 'STORE_DENIED' },
  ledger: { unavailable: 'LEDGER_UNAVAILABLE', denied: 'LEDGER_DENIED' },
  queue: { unavailable: 'QUEUE_UNAVAILABLE', denied: 'QUEUE_DENIED' },
  secret: { unavailable: 'TARGET_UNAVAILABLE', denied: 'TARGET_DENIED' },
}

const policy = "allow the action in the role's policy, and in the bucket, queue or key policy"
const credentials = 'give this process valid credentials'
const region = 'set the region the bucket, table or queue is in'
const kms = 'enable the KMS key and allow its use'

/** Errors that pass by themselves though their HTTP status is 4xx, by the name the service gives them. */
const passing: ReadonlySet<string> = new Set([
  'BandwidthLimitExceeded',
  'ConditionalRequestConflict',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'KmsThrottled',
  'OperationAborted',
  'OverLimit',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
  'TransactionConflictException',
  'TransactionInProgressException',
])

/** What a person does about errors that do not pass. Any other 4xx is also `denied`, with the service's own words. */
const remedies: ReadonlyMap<string, string> = new Map(
  Object.entries({
    AccessDenied: policy,
    AccessDeniedException: policy,
    AllAccessDisabled: policy,
    AccountProblem: 'look at the AWS account',
    AuthorizationHeaderMalformed: region,
    CredentialsProviderError: credentials,
    ExpiredToken: credentials,
    ExpiredTokenException: credentials,
    Forbidden: policy,
    IllegalLocationConstraintException: region,
    InvalidAccessKeyId: credentials,
    InvalidClientTokenId: credentials,
    InvalidObjectState: 'it is archived: restore it, then load it again',
    InvalidSignatureException: credentials,
    InvalidToken: credentials,
    KmsAccessDenied: kms,
    KmsDisabled: kms,
    KmsInvalidState: kms,
    KmsNotFound: kms,
    MissingAuthenticationToken: credentials,
    NoSuchBucket: 'create the bucket or correct its name',
    PermanentRedirect: region,
    QueueDeletedRecently: 'create the queue again, 60 seconds after it was deleted',
    QueueDoesNotExist: 'create the queue or correct its URL',
    RequestTimeTooSkewed: 'set the clock of this machine',
    ResourceNotFoundException: 'create the table, function or secret, or correct its name',
    SignatureDoesNotMatch: credentials,
    TokenProviderError: credentials,
    UnrecognizedClientException: credentials,
  }),
)

interface VendorError {
  readonly name?: unknown
  readonly message?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number }
}

/** HTTP status of the answer an SDK error stands for; undefined when there was none. */
export const statusOf = (error: unknown): number | undefined =>
  (error as VendorError | undefined)?.$metadata?.httpStatusCode

/** The service's name of an error: `SlowDown`, `NoSuchKey`. */
export const errorNameOf = (error: unknown): string => {
  const name = (error as VendorError | undefined)?.name
  return typeof name === 'string' ? name : ''
}

/** Was it refused for want of a permission? A HEAD has no body, so its 403 has no name of its own. */
export const isForbidden = (error: unknown): boolean => {
  const remedy = remedies.get(errorNameOf(error))
  return statusOf(error) === 403 && (remedy === undefined || remedy === policy)
}

/** Was it refused for how much was asked, and for nothing else? */
export const isThrottle = (error: unknown): boolean =>
  statusOf(error) === 429 ||
  /Throttl|SlowDown|TooManyRequests|ThroughputExceeded|LimitExceeded|OverLimit/.test(
    errorNameOf(error),
  )

/** Does an error of that name pass by itself? For the entries of batch calls, which have no status of their own. */
export const isPassing = (name: string): boolean => passing.has(name)

/**
 * The Fault a vendor's error stands for. Throttles, 5xx, time-outs and the network are `*_UNAVAILABLE`: after the SDK's
 * retries, and their call may have had its effect. Other refusals are `*_DENIED` with what to fix. A programming error
 * is given back as it is.
 *
 * `what` names the object and the attempt: `writing s3://bucket/key`.
 */
export const faultOf = (
  service: Service,
  error: unknown,
  what: string,
  signal?: AbortSignal,
): unknown => {
  if (isFault(error)) return error
  if (signal?.aborted)
    return new Fault('DEADLINE_REACHED', `${what}: the caller gave up`, { cause: error })
  if (isBug(error)) return error
  const said = wordsOf(error)
  if (kindOf(error) === 'unavailable')
    return new Fault(codes[service].unavailable, `${what} failed for now: ${said}`, {
      cause: error,
    })
  const remedy = remedyOf(error)
  return new Fault(
    codes[service].denied,
    `${what} was refused: ${said}${remedy ? `; ${remedy}` : ''}`,
    { cause: error },
  )
}

/** What a person does about an error that does not pass; undefined: its words say all that is known. */
export const remedyOf = (error: unknown): string | undefined =>
  remedies.get(errorNameOf(error)) ?? (isForbidden(error) ? policy : undefined)

/** Was it refused for want of a permission, by whichever service? */
export const isDenied = (error: unknown): boolean => remedyOf(error) === policy

const kindOf = (error: unknown): Kind => {
  const name = errorNameOf(error)
  if (passing.has(name)) return 'unavailable'
  if (remedies.has(name)) return 'denied'
  const status = statusOf(error)
  if (status === undefined)
    return /Region is missing/.test(wordsOf(error)) ? 'denied' : 'unavailable'
  if (status === 408 || status === 429) return 'unavailable'
  return status >= 300 && status < 500 ? 'denied' : 'unavailable'
}

const isBug = (error: unknown): boolean =>
  (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) &&
  !('$metadata' in error) &&
  !('code' in error)

const wordsMax = 500
/** What the SDK says when the service said nothing. */
const unsaid: ReadonlySet<unknown> = new Set(['', 'Unknown', 'UnknownError'])

/** What the service said, cut short. */
export const wordsOf = (error: unknown): string => {
  const { name, message } = (error ?? {}) as VendorError
  const status = statusOf(error)
  const words = [name, message].filter((word) => typeof word === 'string' && !unsaid.has(word))
  const said = [...new Set(words)].join(': ') || 'no reason given'
  return `${said.slice(0, wordsMax)}${status === undefined ? '' : ` (HTTP ${status})`}`
}
