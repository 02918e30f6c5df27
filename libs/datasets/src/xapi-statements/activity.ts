import type { JsonObject } from '../json.ts'
import { isObject } from '../json.ts'
import type { Walk } from './breach.ts'
import * as is from './check.ts'

/** Type of an interaction → lists of components it may have. */
const components: Readonly<Record<string, readonly string[]>> = {
  'true-false': [],
  choice: ['choices'],
  'fill-in': [],
  'long-fill-in': [],
  matching: ['source', 'target'],
  performance: ['steps'],
  sequencing: ['choices'],
  likert: ['scale'],
  numeric: [],
  other: [],
}

const componentLists = ['choices', 'scale', 'source', 'target', 'steps'] as const
const component = is.object({ id: is.text, description: is.languageMap }, ['id'])

const checkInteraction = (definition: JsonObject, walk: Walk): void => {
  const type = definition['interactionType']
  const allowed = typeof type === 'string' && Object.hasOwn(components, type) && components[type]
  for (const name of componentLists) {
    const list = definition[name]
    if (list === undefined) continue
    if (!allowed || !allowed.includes(name)) walk.noteAt(name, 'interaction')
    if (!Array.isArray(list)) continue
    const ids = list.flatMap((one: unknown) => (isObject(one) ? [one['id']] : []))
    if (new Set(ids).size < ids.length) walk.noteAt(name, 'interaction')
  }
  if (definition['correctResponsesPattern'] !== undefined && type === undefined)
    walk.noteAt('correctResponsesPattern', 'interaction')
}

const definition = is.object(
  {
    name: is.languageMap,
    description: is.languageMap,
    type: is.iri,
    moreInfo: is.iri,
    extensions: is.extensions,
    interactionType: is.oneOf('interaction', Object.keys(components)),
    correctResponsesPattern: is.list(is.text),
    ...Object.fromEntries(componentLists.map((name) => [name, is.list(component)])),
  },
  [],
  checkInteraction,
)

/** An activity: an object without objectType is one. */
export const activity = is.object(
  { objectType: is.oneOf('object_type', ['Activity']), id: is.iri, definition },
  ['id'],
)
