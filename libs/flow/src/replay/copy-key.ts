import { type ObjectRef, sourceIdOf } from '@silversmith/core'

/** With folder and id a key stays below the 1 024 bytes of S3. */
const nameBytesMax = 200

/**
 * Key of the copy of one version: the same for the same version in the same folder, and another one for every other. It ends as
 * the origin does, for notifications may be filtered by suffix.
 */
export const copyKeyOf = (folder: string, pipeline: string, object: ObjectRef): string => {
  const name = object.key.slice(object.key.lastIndexOf('/') + 1)
  return `${folder}${sourceIdOf(pipeline, object)}/${endOf(name)}`
}

/** Whole characters. */
const endOf = (text: string): string => {
  const characters = [...text]
  while (Buffer.byteLength(characters.join('')) > nameBytesMax) characters.shift()
  return characters.join('')
}
