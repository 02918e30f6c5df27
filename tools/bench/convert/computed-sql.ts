/** Parts of the mapping that SQL engines write alike. */

/** `uuidNamespace` of the mapping: ids are made in it. */
export const uuidNamespace = '6f1d1c0e5b7a4c53a1f29d8f6e7b2c41'

/** UUIDv5 from `sha1`, the hex of the hash of namespace and name. */
export const uuidSql = (sha1: string): string =>
  `concat(substr(${sha1}, 1, 8), '-', substr(${sha1}, 9, 4), '-5', substr(${sha1}, 14, 3), '-',
    translate(substr(${sha1}, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab'), substr(${sha1}, 18, 3), '-', substr(${sha1}, 21, 12))`

const spelled = (name: string): string =>
  `('http://oli.cmu.edu/extensions/${name}', 'https://oli.cmu.edu/extensions/${name}')`

const video = ['played', 'paused', 'seeked', 'completed']
  .map((verb) => `'https://w3id.org/xapi/video/verbs/${verb}'`)
  .concat("'http://adlnet.gov/expapi/verbs/experienced'")

export const isVideoSql = (verb: string): string => `${verb} IN (${video.join(', ')})`

export const eventTypeSql = (verb: string, type: string): string => {
  const completed = `${verb} = 'http://adlnet.gov/expapi/verbs/completed'`
  return `CASE WHEN ${isVideoSql(verb)} THEN 'video'
    WHEN ${verb} IN ${spelled('verbs/experiment_condition_assigned')} THEN 'experiment_condition_assigned'
    WHEN ${completed} AND ${type} = 'http://adlnet.gov/expapi/activities/question' THEN 'part_attempt'
    WHEN ${completed} AND ${type} IN ${spelled('activity_attempt')} THEN 'activity_attempt'
    WHEN ${completed} AND ${type} IN ${spelled('page_attempt')} THEN 'page_attempt'
    WHEN ${verb} = 'http://id.tincanapi.com/verb/viewed' AND ${type} IN ${spelled('types/page')} THEN 'page_viewed'
    WHEN ${verb} = 'http://activitystrea.ms/schema/1.0/create' AND ${type} IN ${spelled('tutor_message')} THEN 'tutor_message'
    ELSE 'unknown' END`
}

/** Group 1 is the host of an address in lower case. */
export const hostPattern = '^(?:[a-z][a-z0-9+.-]*://)?(?:[^/?#]*@)?([^/?#:]+)'

export const hostKeys = [
  ['context', 'extensions', 'http://oli.cmu.edu/extensions/host_name'],
  ['actor', 'account', 'homePage'],
  ['object', 'id'],
] as const
