import { compileRules, eventRules } from '@silversmith/datasets'

/** Of `plain`: each is read at one path, nothing is computed. */
const names: ReadonlySet<string> = new Set([
  ...['section_id', 'project_id', 'publication_id', 'page_id', 'content_element_id'],
  ...['video_time', 'video_progress', 'activity_attempt_guid', 'activity_attempt_number'],
  ...['page_attempt_guid', 'page_attempt_number', 'part_attempt_guid', 'activity_id'],
  ...['activity_revision_id', 'score', 'success', 'verb_id', 'object_id'],
])

/** 18 columns, and `_rescued` that every table has. */
export const plain = compileRules(eventRules.filter(({ name }) => names.has(name)))
