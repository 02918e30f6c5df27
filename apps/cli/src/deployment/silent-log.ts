import type { Log } from '@silversmith/core'

/** The answer of a command tells what happened; events are for the functions' logs. */
export const silentLog: Log = { emit: () => undefined }
