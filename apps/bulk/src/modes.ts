export { createBulkMode } from './bulk-mode.ts'
export { withFaultNames } from './fault-names.ts'
export { createHandler } from './handler.ts'
export { createMapMode } from './map-mode.ts'
