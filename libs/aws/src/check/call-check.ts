import { type Check, checksOf } from '@silversmith/core'
import { isDenied, isThrottle, remedyOf, wordsOf } from '../vendor-fault.ts'

type Checks = ReturnType<typeof checksOf>

/**
 * What a call that failed says of the thing it was for. `isNeeded`: the function makes such calls itself, so without the
 * permission it cannot work; else nothing was seen and nothing is known.
 */
export const checkOfFailure = (
  check: Checks,
  error: unknown,
  call: { readonly what: string; readonly permission: string; readonly isNeeded: boolean },
): Check => {
  const { what, permission, isNeeded } = call
  const found = `${what}: ${wordsOf(error)}`
  if (isDenied(error)) {
    const fix = `allow ${permission} in the role's policy, and in the policy of what is asked for`
    return isNeeded ? check.wrong(found, fix) : check.unseen(found, fix)
  }
  if (isThrottle(error)) {
    const fix = 'it was asked too often, and passes by itself; ask again'
    return isNeeded ? check.warning(found, fix) : check.unseen(found, fix)
  }
  return check.wrong(found, remedyOf(error) ?? 'it may pass by itself; ask again')
}

/** One call in all, the SDK's retries included. */
export const checkMsMax = 10_000
