/** One line of a note object: a note of that day, with its marks. */
export const note = (id: string, day = '2026-05-04', marks: readonly string[] = []): string =>
  `${JSON.stringify({ id, time: `${day}T10:00:00Z`, ...(marks.length > 0 && { marks }) })}\n`
