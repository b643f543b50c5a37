import type { BackupFormat, HoldCause, VerificationLevel } from '@backup-sync/contracts';
import type { Fault } from '../chain/proof/link.ts';
import type { OperationKey, SingleOperation } from './operation-records.ts';

/** A bucket, or a part of one, that is watched. */
export type SourceRecord = {
  /** UUIDv7. */
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly prefix: string;
  readonly format: BackupFormat | null;
  readonly pathTemplate: string | null;
  readonly level: VerificationLevel;
  readonly intervalS: number | null;
  readonly reverifyAfterS: number | null;
  /** From 0 to 1. */
  readonly removalShare: number;
  /** Seconds after which a backup without its commit mark counts as an error. */
  readonly incompleteAfterS: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly pausedAtMs: number | null;
  /** Set while removals wait for someone to confirm them. */
  readonly heldAtMs: number | null;
  readonly heldCause: HoldCause | null;
  /** The run that made them wait. */
  readonly heldRunId: string | null;
  readonly nextRunAtMs: number | null;
  /** The newest run. */
  readonly lastRun: LastRun | null;
  /** When the newest good run began. */
  readonly lastGoodSyncAtMs: number | null;
};

/** How the newest run of a source stands. */
export type LastRun = Pick<SingleOperation, 'id' | 'status' | 'fault' | 'progress' | 'endedAtMs'>;

/** The run of a source to which an operation belongs. */
export type SourceRunOf = {
  readonly operationId: string;
  readonly runId: string;
  readonly sourceId: string;
  /** Null once the source is removed. */
  readonly sourceName: string | null;
};

/** A backup of a source that is in error. Id and name are null if no record and no import names it. */
export type SourceError = {
  readonly imagePath: string;
  readonly backupId: string | null;
  readonly backupName: string | null;
  readonly fault: Fault;
};

/** A resource with its backups that a source or a run has. */
export type ContainedResource = {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** The largest volume that its backups tell of; null if none does. */
  readonly volumeBytes: number | null;
  readonly backups: number;
  /** Of all these backups. */
  readonly storedBytes: number;
  /** Whether one of them is available. */
  readonly isAvailable: boolean;
};

/** What is recorded of a source. */
export type SourceContents = {
  readonly sourceId: string;
  /** Of all its backups. */
  readonly storedBytes: number;
  /** Of all its resources, each once. */
  readonly resourceTypes: readonly string[];
  /** By id, the first of them. */
  readonly resources: readonly ContainedResource[];
};

/** A resource of which a run could not import a backup. */
export type SkippedResource = Pick<ContainedResource, 'id' | 'name' | 'type'> & {
  readonly fault: Fault;
};

/** What a run has imported, by id, the first of them; and what it could not import, each resource once. */
export type RunContents = {
  readonly resources: readonly ContainedResource[];
  readonly skipped: readonly SkippedResource[];
};

/** A backup that a run has seen at its place, or that a source knows of. */
export type SourceMember = { readonly imagePath: string; readonly backupId: string };

/** What a complete listing left unseen, in numbers of the source's records. */
export type ClosedListing = {
  /** Recorded backups that runs of this source have seen: neither forgotten nor marked. */
  readonly records: number;
  /** Of these, not seen by this run. */
  readonly absent: number;
  /** Of the absent, those that the complete run before did not see either. */
  readonly due: number;
  /** In the list that waits for confirmation: absent since it was made. */
  readonly held: number;
  /** Of the due, those in that list. */
  readonly heldDue: number;
};

/** A verification that a source has started. */
export type SourceVerification = { readonly operation: OperationKey; readonly backupId: string };
