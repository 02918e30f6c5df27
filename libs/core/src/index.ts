export type {
  Batch,
  BatchEnd,
  BatchState,
  Checkpoint,
  Chunk,
  Claim,
  DayPayload,
  Disposition,
  LedgerItem,
  Manifest,
  ManifestRef,
  ManifestSource,
  Payload,
  PipelinePin,
  QuarantinePayload,
} from './batch.ts'
export { adoptedBatch, repairTokenOf, tokenOf } from './batch.ts'
export { expiredRowsOf, keptSince } from './retention.ts'
export type { Breaker, BreakerLimits, BreakerState } from './breaker.ts'
export { breakerIdOf, breakerStateOf, defaultBreakerLimits } from './breaker.ts'
export type { Check, Checker, CheckPart, CheckState } from './check.ts'
export { checksOf, isWrong } from './check.ts'
export type { Contract, Contracts, Drift, JsonType, Overwrite, Overwrites } from './contract.ts'
export { contractProblems, contractsSetting, overwritesSetting } from './contract-setting.ts'
export { contractNames, defaultContract, rescuedColumn } from './contract.ts'
export type {
  Column,
  ColumnType,
  Dataset,
  DecimalType,
  Field,
  ListType,
  Mapped,
  MapType,
  PlainType,
  RecordContext,
  Rejection,
  Row,
  Scalar,
  ScalarType,
  StoredObject,
  StructType,
  StructValue,
  Table,
  TableRow,
  Value,
} from './dataset.ts'
export {
  columnsOf,
  dateMax,
  dateMin,
  isValueOf,
  timestampMin,
  lineageColumns,
  rowIdentity,
} from './dataset.ts'
export type { DeadLetter, DeadLetterQueue, MessageAttribute } from './dead-letter.ts'
export type { Event, EventKind, ReconcileCount } from './event.ts'
export { eventsSay } from './event.ts'
export type { MetricFacts, MetricName } from './metric.ts'
export { metricOf, metrics } from './metric.ts'
export type { FaultCode, FaultFacts, FaultMeaning } from './fault.ts'
export type {
  DeliveryEnd,
  EventMapping,
  EventMappings,
  EventMappingState,
  QueueDepth,
  QueueMeter,
} from './event-mapping.ts'
export { Fault, faults, isFault } from './fault.ts'
export type { FileSizes, InsertRows } from './histogram.ts'
export { countFileSizes, countInsertRows, insertRowsOf, silverSizesOf } from './histogram.ts'
export type { Limits } from './limits.ts'
export { defaultLimits, limitsOf } from './limits.ts'
export type {
  Job,
  JobBudget,
  JobCounts,
  JobPart,
  JobMap,
  JobRequest,
  JobStanding,
  JobState,
} from './job.ts'
export {
  addCounts,
  countsOfJob,
  jobBytesMax,
  jobIdProblem,
  jobPartsMax,
  jobPrefixBytesMax,
  noCounts,
} from './job.ts'
export type { DateFrom, ObjectDate } from './key-date.ts'
export { dateOf, datesFrom } from './key-date.ts'
export { keyPatternProblem } from './key-pattern.ts'
export type { JobWindow, Outside, Placed, WindowAsked, WindowProblem } from './window.ts'
export { createPlacing, readWindow } from './window.ts'
export type { ReceivedMessage } from './message-record.ts'
export { queueNameOf, readReceived } from './message-record.ts'
export type {
  Bronze,
  Buckets,
  BucketState,
  ChunkRows,
  Clock,
  ErasedRecord,
  ErasedRow,
  Eraser,
  FileFacts,
  HeldObject,
  Holding,
  Ids,
  Inspector,
  ItemKey,
  KeyRange,
  Ledger,
  LeftMessage,
  ListedObject,
  ListingPage,
  Log,
  Match,
  Mender,
  OpenObject,
  Predecessor,
  Queue,
  Redelivery,
  Store,
  Target,
  Versioned,
} from './ports.ts'
export type { QueueFacts } from './queue-facts.ts'
export {
  checkQueueFacts,
  receivesAdvised,
  receivesFixOf,
  receivesMin,
  receivesProblemOf,
} from './queue-facts.ts'
export { readingSettings } from './reading-setting.ts'
export { reloadsTable } from './reload.ts'
export type { RowOrigin } from './row-origin.ts'
export { isRowFrom } from './row-origin.ts'
export type { Route } from './route.ts'
export { describeRoutes, routeOf } from './route.ts'
export type {
  FirstIdentity,
  MessageContent,
  MessageFacts,
  MessageRef,
  ObjectCopy,
  ObjectFacts,
  ObjectRef,
  ObjectsMessage,
  Source,
} from './source.ts'
export {
  firstIdentityAttribute,
  identify,
  identifyMessage,
  isMessage,
  objectOfMessage,
  objectUri,
  readFirstIdentity,
  readObjectsMessage,
  readObjectUri,
  sortableSequencer,
  sourceIdOf,
  writeFirstIdentity,
  writeObjectsMessage,
} from './source.ts'
export type { CopyMark, CopyOrder, MarkedObject, Replicator } from './replicator.ts'
export { copyOf, readCopyMark, writeCopyMark } from './replicator.ts'
export type { LogLevel } from './function-setting.ts'
export {
  awsSettingsOf,
  batchSettings,
  bulkQueueUrl,
  functionSettings,
  messagesQueueUrls,
  parseRoutes,
  refusedSettings,
  replayPrefixProblems,
  replayPrefixSetting,
  routeProblems,
} from './function-setting.ts'
export type {
  Environment,
  Parsed,
  Parser,
  RefusedSetting,
  Setting,
  SettingValues,
} from './setting.ts'
export {
  effectiveSettings,
  inspectSettings,
  readSettings,
  setting,
  settingsInvalid,
} from './setting.ts'
export {
  parseBoolean,
  parseBytes,
  parseFolder,
  parseJson,
  parseList,
  parseOneOf,
  parsePrefix,
  parseSecondsAsMs,
  parseText,
  parseUrl,
  parseWhole,
} from './setting-parser.ts'
export type { Login, LoginSource } from './login.ts'
