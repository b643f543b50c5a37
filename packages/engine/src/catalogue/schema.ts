// One file, although it is long: it lists the columns of all tables.
import type {
  BackupFormat,
  HoldCause,
  Operation,
  OperationStatus,
  ReasonCode,
  SyncOutcome,
  TakenAtSource,
  VerificationLevel,
} from '@backup-sync/contracts';
import type { Generated } from 'kysely';
import type { Outage } from '../storage/outage.ts';
import type { BackupRecord } from './backup-records.ts';
import type { HookEventRow, HookRow } from './hook-schema.ts';
import type { IdentitySchema } from './identity-schema.ts';
import type { NodeRecord } from './node-records.ts';
import type { Actor, OperationKind } from './operation-records.ts';
import type { VerificationPart } from './part-records.ts';

/** A boolean as it is stored. */
export type StoredBoolean = 0 | 1;

/** The evidence from a listing of a link. Every table with evidence has these columns. */
export type ListingColumns = {
  listing_digest: string;
  listing_fingerprint: string;
  object_count: number;
  stored_bytes: number;
  newest_object_at_ms: number | null;
};

type LocationColumns = {
  storage_unit_id: string;
  bucket_name: string;
  image_path: string;
};

export type BackupRow = LocationColumns &
  ListingColumns & {
    project_id: string;
    backup_id: string;
    backup_name: string;
    /** The name from the sync requests, if a person has renamed the backup; else null. */
    requested_name: string | null;
    resource_id: string;
    resource_name: string;
    resource_type: string;
    protected_at_s: number;
    taken_at_ms: number;
    taken_at_source: TakenAtSource;
    time_contradiction: string | null;
    status: BackupRecord['status'];
    reason_code: ReasonCode | null;
    reason_detail: string;
    format: BackupFormat;
    content_id: string | null;
    /** The listing of the objects that it shares with other backups, as JSON; null if it shares none. */
    shared_listing: string | null;
    level: VerificationLevel | null;
    verified_at_ms: number;
    check_version: string;
    /** Null if the form of the backup is not known; then it has no gaps either. */
    ceiling: VerificationLevel | null;
    /** The codes of its gaps as JSON; null if it has none. */
    gaps: string | null;
    /** The lowest level of its gaps; null if it has none. */
    gap_level: VerificationLevel | null;
    parent_backup_id: string | null;
    incremental: StoredBoolean | null;
    volume_bytes: number | null;
    /** See `VolumeHash`. Either both are null or neither. */
    volume_sha256: string | null;
    volume_chain_digest: string | null;
    /** An `Expansion` as JSON. */
    expanded: string | null;
    /** `RecordedFact`s as JSON; null if there are none. */
    facts: string | null;
    last_operation_id: string;
    created_at_ms: number;
    updated_at_ms: number;
    revision: number;
    /** Set by a delete. The record is kept so that scans respect the deletion, but it is not shown. */
    forgotten_at_ms: number | null;
    /**
     * The package that references the backup, which is why its record was removed. A scan records it again if nothing
     * references it any more. Null for all others.
     */
    part_of: string | null;
    /** Set when the backup is found to be missing from its bucket. */
    vanished_at_ms: number | null;
    /**
     * The source that first imported or saw the backup; once that is removed, the oldest other source that has seen it.
     */
    source_id: string | null;
    /** The run of a source that imported the backup; null if none did. */
    checkpoint_id: string | null;
  };

export type OperationRow = {
  /** The order of acceptance, even if the clock was set meanwhile. */
  sequence: Generated<number>;
  id: string;
  project_id: string;
  kind: OperationKind;
  parent_operation_id: string | null;
  storage_unit_id: string;
  bucket_name: string;
  /** The chain whose unfinished imports are worked on together; null unless the operation is an import. */
  chain_root: string | null;
  /** Null if the operation concerns no single backup. */
  backup_id: string | null;
  resource_id: string | null;
  resource_name: string | null;
  /**
   * Of an import or delete, the item as JSON. Its keys are always in the same order, so that equal items are equal
   * strings.
   */
  item: string | null;
  /**
   * The request as JSON. Of an import, what it asks for in addition to the item; empty if nothing, or null if an older
   * release accepted it and it has ended.
   */
  task: string | null;
  /** Of an import, the SHA-256 of its item; null if an older release accepted it. */
  item_digest: string | null;
  /** Of a single operation, the counts so far as JSON. */
  progress: string | null;
  /** Of a single operation, the result as JSON. */
  result: string | null;
  cancel_requested_at_ms: number | null;
  actor_kind: Actor['kind'];
  actor_name: string;
  request_id: string;
  status: OperationStatus;
  outcome: SyncOutcome | null;
  message: string;
  reason_code: ReasonCode | null;
  reason_detail: string;
  time_contradiction: string | null;
  level: VerificationLevel | null;
  incremental: StoredBoolean | null;
  list_requests: number | null;
  get_requests: number | null;
  bytes_read: number | null;
  created_at_ms: number;
  started_at_ms: number | null;
  /** Null while, and only while, the operation waits or runs. */
  ended_at_ms: number | null;
  updated_at_ms: number;
  deadline_at_ms: number;
  lease_owner: string | null;
  epoch: number;
  /** Of a scan, the source whose run it is. */
  source_id: string | null;
  /** Of a scan that imports, when its listing was complete. From then on it waits for its imports. */
  listed_at_ms: number | null;
  /** Of an import; null if an older release accepted it. */
  image_path: string | null;
  /** Of an import, proofs made before this time are made again. */
  proofs_not_before_ms: number | null;
  /** Of a waiting import, the backup whose next import has to end before this one is started. */
  waits_for_backup_id: string | null;
  /** The caller for whom this is interactive work, see lanes.ts; null for mass work. */
  interactive_for: string | null;
  /** Attempts that failed because of storage, since an attempt last reached a verdict or a wait for a parent. */
  attempts: Generated<number>;
  /** When the first of these attempts failed. */
  first_failure_at_ms: number | null;
  /** Of a waiting operation, the earliest time of its next attempt; null otherwise. */
  not_before_ms: number | null;
  /** Of a waiting operation, why its last attempt failed; null otherwise. */
  waiting_reason: ReasonCode | null;
  waiting_detail: Generated<string>;
  /** Number of times in a row that its worker died. An attempt that ends by itself begins again. */
  takeovers: Generated<number>;
  /** Of an ended scan or plan, when its findings were removed; null if they are there. */
  findings_removed_at_ms: number | null;
};

/** A bucket that does not answer, see {@link Outage}. */
type BucketOutageRow = {
  storage_unit_id: string;
  bucket_name: string;
  reason_code: Outage['fault']['code'];
  reason_detail: string;
  began_at_ms: number;
  attempts: number;
  not_before_ms: number;
};

/** A transition of an operation. Cursors count from 1 within a project, and none is used twice. */
export type OperationEventRow = {
  project_id: string;
  cursor: number;
  operation_id: string;
  status: OperationStatus;
  at_ms: number;
};

/**
 * A transition that has no cursor yet, because several nodes write at the same time. `id` is the order of writing, and
 * `noted_at_ms` the time of it by the database's clock.
 */
type PendingEventRow = Omit<OperationEventRow, 'cursor'> & { id: Generated<number>; noted_at_ms: number };

/** The one row that says which releases can use the database. `touches` has no meaning: it is written as a test. */
type SchemaVersionRow = { version: number; oldest_compatible: number; touches: number };

/** One proof of one link. Rows never change. */
export type VerificationRow = LocationColumns &
  ListingColumns & {
    id: string;
    project_id: string;
    backup_id: string;
    operation_id: string;
    content_id: string | null;
    parent_backup_id: string | null;
    parent_listing_digest: string | null;
    level: VerificationLevel | null;
    fault_code: ReasonCode | null;
    fault_detail: string;
    limit_reason: string | null;
    remark: string | null;
    /** As in the records. */
    ceiling: VerificationLevel | null;
    gaps: string | null;
    volume_bytes: number | null;
    /**
     * When the link was made according to its format; null if the format does not record it, or an earlier release
     * wrote the row.
     */
    format_time_ms: number | null;
    format_time_has_zone: StoredBoolean | null;
    check_version: string;
    verified_at_ms: number;
    /** The metadata objects that were read, as JSON. */
    metadata_objects: string;
  };

/** The findings of a scan or plan, in the order in which they were found. */
export type ScanFindingRow = {
  operation_id: string;
  sequence: number;
  finding: string;
  /** Set if the finding counts as an error that no import reports, see `problemOf` in scan-problem.ts. */
  problem_path: string | null;
  problem_code: ReasonCode | null;
  problem_detail: string | null;
};

/** A part of a verification, see `VerificationPart`. */
export type VerificationPartRow = {
  operation_id: string;
  backup_id: string;
  first_object: number;
  object_count: number | null;
  link: number;
  listing_digest: string;
  state: VerificationPart['state'];
  /** Null unless the part is held. */
  lease_owner: string | null;
  epoch: number;
  saves: number;
  proved_objects: number;
  stored_bytes: number;
  plain_bytes: number;
  fault_code: ReasonCode | null;
  fault_detail: string;
};

/** See `ProvedObject`. */
type ProvedObjectRow = {
  project_id: string;
  storage_unit_id: string;
  bucket_name: string;
  object_key: string;
  first_byte: number;
  etag: string;
  size: number;
  digest: string;
  check_version: string;
  proved_at_ms: number;
};

/** An import that was in flight when a run wanted the same one. The run waits for it as for one of its own. */
type JoinedImportRow = { run_id: string; operation_id: string };

export type SourceRow = {
  id: string;
  project_id: string;
  name: string;
  storage_unit_id: string;
  bucket_name: string;
  prefix: string;
  format: BackupFormat | null;
  path_template: string | null;
  level: VerificationLevel;
  interval_s: number | null;
  reverify_after_s: number | null;
  removal_share: number;
  incomplete_after_s: number;
  created_at_ms: number;
  updated_at_ms: number;
  paused_at_ms: number | null;
  /** When the source was held; null unless its removals wait for confirmation. */
  held_at_ms: number | null;
  held_cause: HoldCause | null;
  /** The run that held the source; null if an older release held it. */
  held_run_id: string | null;
  /** Null if no run is planned. */
  next_run_at_ms: number | null;
  last_run_id: string | null;
  /** The newest run with a complete listing, until all of its imports have ended. */
  unsettled_run_id: string | null;
  last_good_sync_at_ms: number | null;
};

/** A place where a run of a source has seen a backup. */
export type SourceMemberRow = {
  source_id: string;
  image_path: string;
  backup_id: string;
  /** The newest run that saw the backup. */
  seen_run_id: string;
  /** The newest complete run that did not see the backup. */
  absent_run_id: string | null;
  /** Number of complete runs in a row that did not see the backup. */
  absent_runs: number;
  /** Whether the backup is in the list that waits for confirmation. */
  held: StoredBoolean;
  /** The import that the newest run that saw the backup accepted for it. */
  import_operation_id: string | null;
};

/**
 * The number of recorded backups of a resource. `source_id` is '' for all of the project, else only what this source
 * has seen.
 */
type ResourceRow = {
  project_id: string;
  source_id: string;
  resource_id: string;
  resource_name: string;
  backups: number;
  /**
   * Number of levels, from the lowest, at which the resource has a newest proved backup. Maintained by triggers on
   * `resource_heads`; see migrations/0031-worst-first.ts.
   */
  proved_levels: Generated<number>;
};

/**
 * The number of a resource's backups that are available and proved to at least a level, and the newest of them.
 * Maintained by `steps/track-heads.ts`.
 */
export type ResourceHeadRow = Omit<ResourceRow, 'resource_name' | 'proved_levels'> & {
  level: VerificationLevel;
  /** The newest of these backups; null if the time of each was in the future when it was judged. */
  backup_id: string | null;
  taken_at_ms: number | null;
  taken_at_source: TakenAtSource | null;
};

/** A resource that expects no newer backup. Maintained by `steps/retire-resource.ts` and `steps/track-heads.ts`. */
type RetiredResourceRow = {
  project_id: string;
  resource_id: string;
  retired_at_ms: number;
  /** When the newest of the backups recorded at that time was made. Times in the future do not count. */
  newest_taken_at_ms: number;
};

/**
 * The names of settings.
 *
 * - `seal_check`: a text that is sealed with the key of all secrets, see seal-of-nodes.ts.
 * - `storage_unit`: the storage unit that the records belong to, see remembered-storage-unit.ts.
 */
export type SettingName = 'seal_check' | 'storage_unit';

/** What is counted: operations by kind, as the API calls them, recorded backups, resources and audit events. */
export type CountSubject =
  | OperationKind
  | 'source_run'
  | 'backup'
  | 'resource'
  | 'audit_event'
  | `ended_${OperationKind | 'source_run'}`;

/**
 * A number of rows, maintained by triggers; see migrations/0030-row-counts.ts. It is the sum of `total` over all slots.
 * `part` is the status of operations and backups, and the scope of resources: a source, or '' for the whole project. Of
 * ended operations, it is the day in UTC and the status.
 */
type RowCountRow = { project_id: string; subject: CountSubject; part: string; slot: number; total: number };

/**
 * The number of operations of a kind, as the API calls it, that ended on a day in UTC and have been removed since.
 * Maintained by `steps/remove-old-operations.ts`.
 */
type RemovedOperationsRow = {
  project_id: string;
  kind: Operation['kind'];
  day: string;
  status: OperationStatus;
  operations: number;
};

type SettingRow = { name: SettingName; value: string };

/** A process that shares the database, see {@link NodeRecord}. */
type NodeRow = {
  id: string;
  host_name: string;
  pid: number;
  version: string;
  serves: StoredBoolean;
  works: StoredBoolean;
  started_at_ms: number;
  heartbeat_at_ms: number;
  clock_ahead_ms: number;
  jobs: number;
};

/** The archive that the catalogue is loaded from, see archive/load-archive.ts. One row at most. */
type ArchiveLoadRow = {
  only: 1;
  archive_id: string;
  /** The table that is loaded: its place among the tables of the archive, from 0. */
  table_number: number;
  /** Rows of this table that are loaded. */
  row_count: number;
  begun_at_ms: number;
  /** Null until everything is loaded and verified. Until then, nothing else may use the catalogue. */
  finished_at_ms: number | null;
};

/** The tables of the catalogue, and of the embedded identity and the audit, which share its database. */
export type Schema = IdentitySchema & {
  backups: BackupRow;
  operations: OperationRow;
  operation_events: OperationEventRow;
  pending_events: PendingEventRow;
  schema_version: SchemaVersionRow;
  verifications: VerificationRow;
  scan_findings: ScanFindingRow;
  verification_parts: VerificationPartRow;
  proved_objects: ProvedObjectRow;
  joined_imports: JoinedImportRow;
  bucket_outages: BucketOutageRow;
  sources: SourceRow;
  source_members: SourceMemberRow;
  resources: ResourceRow;
  resource_heads: ResourceHeadRow;
  retired_resources: RetiredResourceRow;
  settings: SettingRow;
  row_counts: RowCountRow;
  removed_operations: RemovedOperationsRow;
  nodes: NodeRow;
  hooks: HookRow;
  hook_events: HookEventRow;
  archive_loads: ArchiveLoadRow;
};
