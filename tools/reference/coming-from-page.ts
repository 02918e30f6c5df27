import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { theirSettings, type TheirSetting } from './coming-from-settings.ts'
import { describeDefault, refusedSettingOf, takenSettingOf } from './known-settings.ts'

export const comingFromPath = fileURLToPath(new URL('../../docs/coming-from.md', import.meta.url))

const begin = '<!-- settings: printed by npm run reference -->'
const end = '<!-- end of settings -->'

/** The page as it is, with its tables of settings as the functions have them now. @throws when a table has no place in it. */
export const printComingFrom = async (): Promise<string> => {
  let page = await readFile(comingFromPath, 'utf8')
  for (const [heading, settings] of Object.entries(theirSettings))
    page = replaceTable(page, heading, settings)
  const style = await resolveConfig(comingFromPath)
  return format(page, { ...style, parser: 'markdown' })
}

const replaceTable = (page: string, heading: string, settings: readonly TheirSetting[]): string => {
  const section = page.indexOf(`\n## ${heading}\n`)
  const from = page.indexOf(begin, section)
  const to = page.indexOf(end, from)
  const next = page.indexOf('\n## ', section + 1)
  if (section < 0 || from < 0 || to < 0 || (next >= 0 && to > next))
    throw new Error(`docs/coming-from.md has no place for the settings of ${heading}`)
  return `${page.slice(0, from + begin.length)}\n\n${tableOf(settings)}\n\n${page.slice(to)}`
}

const tableOf = (settings: readonly TheirSetting[]): string =>
  [
    '| theirs | default there | here | default | what it is here |',
    '| --- | --- | --- | --- | --- |',
    ...settings.map((one) => `| ${cellsOf(one).map(escape).join(' | ')} |`),
  ].join('\n')

const escape = (text: string): string => text.replaceAll('|', '\\|')

export const cellsOf = ({ name, byDefault, note }: TheirSetting): readonly string[] => {
  const theirs = [`\`${name}\``, byDefault]
  const taken = takenSettingOf(name)
  if (taken) {
    const { setting, of } = taken
    const own = setting.name === name ? 'the same' : `the same; also \`${setting.name}\``
    const where = of.length === 3 ? 'all functions' : of.join(' and ')
    return [...theirs, own, describeDefault(setting), `${setting.description} (${where})`]
  }
  const refused = refusedSettingOf(name)
  if (refused) return [...theirs, 'refused', '', `${refused.reason}. Instead: ${refused.instead}`]
  if (note === undefined)
    throw new Error(`${name}: no function knows it; say in coming-from-settings.ts what to do`)
  return [...theirs, '—', '', note]
}
