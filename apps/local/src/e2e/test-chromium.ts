import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** What CHROMIUM names, else one of the PATH; undefined: there is none. */
export const findChromium = (): string | undefined => {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  return process.env['CHROMIUM'] || paths.find(isExecutable)
}

/** For whoever wonders why nothing was looked at. */
export const noChromium =
  'there is no Chromium here: install one (apt-get install chromium), or name one by CHROMIUM=/path/to/it'
