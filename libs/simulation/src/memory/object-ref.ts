import type { ObjectFacts, ObjectRef } from '@silversmith/core'
import { identify } from '@silversmith/core'

/** Identity of an object whose version or etag is known for sure. */
export const refOf = (facts: ObjectFacts): ObjectRef => {
  const object = identify(facts)
  if (!object) throw new Error(`neither etag nor versionId of ${facts.key} is known`)
  return object
}
