export { clickHouseType, readTold, tell } from './column-type.ts'
export type { Connection } from './connection.ts'
export { createConnection } from './connection.ts'
export { createTable, partitionKeyOf, sortingKeyOf } from './ddl.ts'
export type { Evolution } from './evolution.ts'
export { planEvolution } from './evolution.ts'
export type { Role } from './grants.ts'
export { grantsFor } from './grants.ts'
export type { ClickHouseInspectorOptions } from './inspector.ts'
export { createClickHouseInspector } from './inspector.ts'
export { insertLayout } from './layout.ts'
export type { ClickHouseMenderOptions } from './mender.ts'
export { createClickHouseMender } from './mender.ts'
export type { Migration, MigrationStep, Present } from './migrate.ts'
export { migrate, planMigration, readPresent } from './migrate.ts'
export { namesOf, qualify, quoteName, tablesOf } from './name.ts'
export type { Preflight } from './preflight.ts'
export { preflight } from './preflight.ts'
export type { ClickHouseSettings, Engine, ParsedSettings } from './settings.ts'
export {
  clickHouseSettings,
  defaultDeduplicationWindow,
  parseClickHouseSettings,
  refusedClickHouseSettings,
} from './settings.ts'
export type { ClickHouseTargetOptions } from './target.ts'
export { createClickHouseTarget } from './target.ts'
export { currentViewName } from './view.ts'
