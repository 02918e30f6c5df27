export {
  type BulkDeps,
  jobKeyOf,
  jobPrefixOf,
  jobsPrefix,
  nameOfJob,
  type SendCheckpoint,
  type SendGuard,
} from './bulk/bulk-room.ts'
export { type Estimate, type EstimateDeps, estimatePlan } from './bulk/estimate.ts'
export { countWindow } from './bulk/count.ts'
export { type JobTurn, refuseTurn, turnJob } from './bulk/control.ts'
export { nextGeneration } from './bulk/generation.ts'
export {
  type JobAsked,
  type JobStartDeps,
  readJob,
  requestProblems,
  startJob,
} from './bulk/job-start.ts'
export { type JobList, listJobs } from './bulk/job-list.ts'
export { type JobView, refuseEmpty, refuseEmptyPlan, viewJob } from './bulk/job-view.ts'
export { addPlans, noPlan, type Plan, type PlanCell, planJob } from './bulk/plan.ts'
export {
  addToSum,
  noReportSum,
  readReport,
  type ReportDeps,
  type ReportEntry,
  type ReportPage,
  type ReportSum,
  type TaskStatus,
} from './bulk/report.ts'
export {
  reportColumns,
  reportLineOf,
  sumReport,
  writeReport,
  type WrittenReport,
} from './bulk/report-file.ts'
export { type ItemScope, readItems } from './bulk/map-items.ts'
export { endMap } from './bulk/map-end.ts'
export { type MapStartDeps, startMap } from './bulk/map-start.ts'
export { readMapped, sendShare, type ShareView } from './bulk/share.ts'
export { continueJob, refuseMapped, runJob } from './bulk/run.ts'
export { withShares } from './bulk/known-slices.ts'
export { readSlice, type Slice, type SliceObject, type SlicePlace } from './bulk/slice.ts'
export {
  type ObjectReplay,
  type ObjectReplayDeps,
  type ObjectReplaySum,
  type ReplayFailure,
  replayObjects,
  replayProblems,
} from './replay/replay-objects.ts'
export { withoutCopies } from './replay/without-copies.ts'
export { isSent, walkSlice, type WalkDeps } from './bulk/walk.ts'
export { applyBatch, backoffMs, blindApplyMsMax } from './apply/apply.ts'
export {
  type Arrivals,
  type IgnoredReason,
  readArrivals,
  readArrivalsText,
} from './ingest/arrivals.ts'
export { describeProcess, type ProcessFacts } from './checkup/process-facts.ts'
export { type AskedSourceDeps, sourceOfAsked } from './transform/asked-source.ts'
export {
  type AskedObject,
  type AskedPlace,
  describeBulk,
  modeOf,
  readAskedObject,
  readBulkFields,
} from './checkup/asked.ts'
export {
  type CheckupAnswer,
  type CheckupDeps,
  runCheckers,
  withCheckup,
} from './checkup/checkup.ts'
export {
  diagnose,
  type Diagnosis,
  type DiagnosisDeps,
  messagesQueuePrefix,
} from './dead-letter/diagnosis.ts'
export { letterReasons, type LetterReason } from './dead-letter/letter-reason.ts'
export { lookAt, lookMax } from './dead-letter/letter-round.ts'
export {
  redrive,
  redriveMax,
  type RedriveProblem,
  type RedriveRequest,
  type RedriveResult,
} from './dead-letter/redrive.ts'
export {
  type EraseDeps,
  erasedRecordsMax,
  type EraseOptions,
  type EraseOutcome,
  eraseRecords,
  type EraseRequest,
  type EraseResult,
} from './erasure/erase.ts'
export { erasurePrefix, withoutErased } from './erasure/erasure-record.ts'
export { createFileEraser, type FileEraserOptions } from './erasure/file-eraser.ts'
export {
  type AdoptCount,
  type AdoptCounts,
  type AdoptDeps,
  type AdoptFinding,
  adoptFindingsMax,
  adoptObjects,
  type AdoptRequest,
  type AdoptSum,
} from './adoption/adopt.ts'
export {
  type ChunkStory,
  type ChunkStoryDeps,
  type Share,
  tellChunks,
} from './explain/chunk-story.ts'
export {
  type ExplainDeps,
  explainObject,
  type LoadStory,
  type ObjectStory,
} from './explain/object-story.ts'
export type { RejectedLine, RejectedLines } from './explain/rejected-lines.ts'
export type { Verdict } from './explain/verdict.ts'
export { describeFailure } from './failure.ts'
export {
  type Arrival,
  createIngest,
  type Ingest,
  type IngestDeps,
  type Ingested,
  type SendKey,
  type SendOnce,
} from './ingest/ingest.ts'
export { firstBatchAt, manifestPrefix, openedAt, readManifest, stagingPrefix } from './manifest.ts'
export { traceless } from './claims/claims.ts'
export { readBatches, readOpenBatches } from './claims/open-batches.ts'
export { type Call, endingOf } from './patience.ts'
export {
  type PauseDeps,
  type PauseOptions,
  pausePipeline,
  type PauseResult,
  type PauseView,
  type PauseWait,
  viewPause,
} from './pause/pause.ts'
export {
  type IntakeDeps,
  type IntakeMapping,
  type IntakeView,
  isUnfed,
  viewIntake,
} from './pause/intake-mappings.ts'
export { resumePipeline, type ResumeResult } from './pause/resume.ts'
export { type ReadingReason, readingRejections } from './reading/reading-rejection.ts'
export { createReconcile, type Reconcile } from './reconcile/reconcile.ts'
export {
  type Finding,
  type FindingKind,
  findingsPerKindMax,
  type ReconcileCounts,
  type ReconcileReport,
} from './reconcile/reconcile-report.ts'
export { graceMs, type ReconcileDeps, type ReconcileRequest } from './reconcile/reconcile-room.ts'
export { createSilverInspector, type SilverInspectorOptions } from './reconcile/silver-inspector.ts'
export { createSilverTarget, silverKeyOf } from './apply/silver-target.ts'
export { createSweep, type SweepDeps, type SweepResult } from './apply/sweep.ts'
export { defaultLeaseMarginMs, type TransformDeps, triesMax } from './transform/batch-run.ts'
export { redeliveryMs } from './transform/redelivery.ts'
export { createTransform, type Delivery } from './transform/transform.ts'
export type { ChunkBuilder } from './staging/chunk-builder.ts'
export type { Quarantine } from './quarantine/quarantine.ts'
export {
  listQuarantine,
  type QuarantineDeps,
  type QuarantineEntry,
  type QuarantineFilter,
  type QuarantineState,
} from './quarantine/quarantine-listing.ts'
export type { QuarantinePlace } from './quarantine/quarantine-file.ts'
export { type QuarantineRecord, readQuarantineRecord } from './quarantine/quarantine-record.ts'
export { type ReplayDeps, replayQuarantine, type ReplayResult } from './quarantine/replay.ts'
export { readPlain } from './reading/decompression.ts'
export { readDocuments } from './reading/documents.ts'
export { readLines } from './reading/lines.ts'
export { type RawRecord, textOf } from './reading/record.ts'
export {
  createDriftSum,
  type DriftReport,
  type DriftRequest,
  reportDrift,
} from './drift/drift-report.ts'
export { createDriftTally } from './drift/drift-tally.ts'
export { createKindTally } from './transform/kind-tally.ts'
export { createGate } from './reading/gate.ts'
export {
  dryRun,
  type DryCounts,
  type DryRunDeps,
  type DryRunReport,
  type DryTable,
} from './transform/dry-run.ts'
export { mapRecord } from './transform/record-mapping.ts'
export {
  createCounts,
  isDocumentKey,
  type ReadOptions,
  readSource,
} from './transform/source-reader.ts'
export { freeBatch, type FreeDeps, type FreeOptions, type FreeResult } from './repair/free-batch.ts'
export { rebuildLedger, type RebuildDeps, type RebuildOptions } from './repair/rebuild-ledger.ts'
export { rejectBatch, type RejectDeps, type RejectOptions } from './repair/reject-batch.ts'
export { repairBatch, type RepairDeps, type RepairOptions } from './repair/repair-batch.ts'
export type {
  ChunkRepair,
  ChunkRepairOutcome,
  RebuildCount,
  RebuildFinding,
  RebuildResult,
  RefusedChunk,
  RejectOutcome,
  RejectResult,
  RepairOutcome,
  RepairResult,
} from './repair/repair-result.ts'
export { isWhole } from './repair/loss.ts'
export { stateNames } from './repair/state-name.ts'
export { type RefusedFile, refusedFilesOf } from './repair/refused-file.ts'
export { findRebuild, keepRebuild } from './rebuild/rebuild-checkpoint.ts'
export {
  rebuildFindingsMax,
  type TableRebuildCount,
  type TableRebuildCounts,
  type TableRebuildFinding,
  type TableRebuildReport,
} from './rebuild/rebuild-report.ts'
export type { TableRebuildDeps, TableRebuildRequest } from './rebuild/rebuild-room.ts'
export { createTableRebuild, type TableRebuild } from './rebuild/table-rebuild.ts'
export { type BreakerView, viewBreakers } from './status/breaker-view.ts'
export { countOpen, listProblems, type OpenProblem, type OpenWork } from './status/open-work.ts'
export {
  countQuarantine,
  type QuarantineCount,
  type QuarantineCountDeps,
} from './status/quarantine-count.ts'
export { type Lag, readRecentWork, type RecentDeps, type RecentWork } from './status/recent-work.ts'
