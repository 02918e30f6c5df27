import { bulkSettings } from '@silversmith/bulk/config'
import { clickHouseSettings, refusedClickHouseSettings } from '@silversmith/clickhouse'
import { type RefusedSetting, refusedSettings, type Setting } from '@silversmith/core'
import { ingestSettings } from '@silversmith/ingest/config'
import { transformSettings } from '@silversmith/transform/config'

type Settings = Readonly<Record<string, Setting<unknown>>>

/** Function → every setting it takes. */
const tables: Readonly<Record<string, Settings>> = {
  ingest: ingestSettings,
  transform: { ...transformSettings, ...clickHouseSettings },
  bulk: { ...bulkSettings, ...clickHouseSettings },
}

const refused: readonly RefusedSetting[] = [...refusedSettings, ...refusedClickHouseSettings]

export interface TakenSetting {
  readonly setting: Setting<unknown>
  /** Functions that take it. */
  readonly of: readonly string[]
}

const isNamed = ({ name, aliases = [] }: Setting<unknown>, asked: string): boolean =>
  name === asked || aliases.includes(asked)

/** A setting by its name or an older one; undefined: no function takes it. */
export const takenSettingOf = (name: string): TakenSetting | undefined => {
  const found = Object.entries(tables).flatMap(([of, table]) =>
    Object.values(table)
      .filter((one) => isNamed(one, name))
      .map((setting) => ({ of, setting })),
  )
  const [first] = found
  return first && { setting: first.setting, of: found.map(({ of }) => of) }
}

export const refusedSettingOf = (name: string): RefusedSetting | undefined =>
  refused.find((one) => one.name === name)

/** In the unit of its name. */
export const describeDefault = (setting: Setting<unknown>): string => {
  if ('required' in setting) return 'required'
  const { name, default: value } = setting
  if (value === undefined) return 'none'
  if (typeof value === 'number')
    return (name.endsWith('_SECONDS') ? value / 1_000 : value).toLocaleString('en-US')
  if (Array.isArray(value))
    return value.every((one) => typeof one === 'string') ? value.join(',') || 'none' : 'built in'
  return typeof value === 'object' ? 'none' : String(value)
}
