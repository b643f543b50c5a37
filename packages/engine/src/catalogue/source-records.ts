import type { BackupFormat, HoldCause, VerificationLevel } from '@backup-sync/contracts';
import type { Fault } from '../chain/proof/link.ts';
import type { OperationKey, SingleOperation } from './operation-records.ts';

/** A source: a bucket, or a prefix of one, that is watched. */
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
  /** Share of the records that may be missing before removals need confirmation, from 0 to 1. */
  readonly removalShare: number;
  /** Seconds after which a backup without its commit mark counts as an error. */
  readonly incompleteAfterS: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly pausedAtMs: number | null;
  /** When the source was held; null unless its removals wait for confirmation. */
  readonly heldAtMs: number | null;
  readonly heldCause: HoldCause | null;
  /** The run that held the source. */
  readonly heldRunId: string | null;
  readonly nextRunAtMs: number | null;
  /** The newest run, whether it has ended or not; null before the first. */
  readonly lastRun: LastRun | null;
  /** When the newest good run started. */
  readonly lastGoodSyncAtMs: number | null;
};

/** The state of the newest run of a source. */
export type LastRun = Pick<SingleOperation, 'id' | 'status' | 'fault' | 'progress' | 'endedAtMs'>;

/** The run of a source that an operation belongs to. */
export type SourceRunOf = {
  readonly operationId: string;
  readonly runId: string;
  readonly sourceId: string;
  /** Null once the source is removed. */
  readonly sourceName: string | null;
};

/** A backup of a source that is in error. Id and name are null if no record and no import has them. */
export type SourceError = {
  readonly imagePath: string;
  readonly backupId: string | null;
  readonly backupName: string | null;
  readonly fault: Fault;
};

/** A resource, with its backups that belong to a source or run. */
export type ContainedResource = {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** The size of the largest volume that its backups report; null if none does. */
  readonly volumeBytes: number | null;
  readonly backups: number;
  /** The sum over these backups. */
  readonly storedBytes: number;
  /** Whether at least one of these backups is available. */
  readonly isAvailable: boolean;
};

/** A summary of the recorded backups of a source. */
export type SourceContents = {
  readonly sourceId: string;
  /** The sum over all its backups. */
  readonly storedBytes: number;
  /** The types of all its resources, each once. */
  readonly resourceTypes: readonly string[];
  /** The first resources, by id. */
  readonly resources: readonly ContainedResource[];
};

/** A resource with a backup that a run could not import. */
export type SkippedResource = Pick<ContainedResource, 'id' | 'name' | 'type'> & {
  readonly fault: Fault;
};

/** The first resources that a run has imported, by id, and those that it could not import, each once. */
export type RunContents = {
  readonly resources: readonly ContainedResource[];
  readonly skipped: readonly SkippedResource[];
};

/** A backup at the place where a run of a source has seen it. */
export type SourceMember = { readonly imagePath: string; readonly backupId: string };

/** Counts of the source's records that a complete listing did not see. */
export type ClosedListing = {
  /** Recorded backups that runs of this source have seen, neither forgotten nor vanished. */
  readonly records: number;
  /** Number of these that this run has not seen. */
  readonly absent: number;
  /** Number of the absent that the complete run before has not seen either. */
  readonly due: number;
  /** Number of records in the list that waits for confirmation: absent since the source was held. */
  readonly held: number;
  /** Number of the due that are in that list. */
  readonly heldDue: number;
};

/** A verification that a source has started. */
export type SourceVerification = { readonly operation: OperationKey; readonly backupId: string };
