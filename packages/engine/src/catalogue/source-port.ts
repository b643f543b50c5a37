import type { BackupFormat, HoldCause, ReasonCode, VerificationLevel } from '@backup-sync/contracts';
import type { TaskKey } from '../queue/port.ts';
import type { NewTask, TaskRecord } from './task-port.ts';

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
export type LastRun = Pick<TaskRecord, 'id' | 'status' | 'reasonCode' | 'reasonDetail' | 'progress' | 'endedAtMs'>;

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
  readonly reasonCode: ReasonCode;
  readonly reasonDetail: string;
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
  readonly reasonCode: ReasonCode;
  readonly reasonDetail: string;
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
export type SourceVerification = { readonly task: TaskKey; readonly backupId: string };

/**
 * Where sources are kept, with what their runs have seen. Each method is one atomic step, on disk once it has answered.
 *
 * - `startRun` adds the task of a run and plans the next, unless the newest run has not listed everything yet: then it
 *   answers that one's id. Runs that wait for their imports hold up no other. Null if there is no such source.
 * - `updateSource` drops the members outside a new prefix without marking them, and cancels a run that lists the old one.
 * - `removeSource` cancels its runs. Its records stay, and become those of their oldest other source, or of none.
 * - `listErrors` answers what is in error as of the newest run that listed everything, by image path.
 * - `noteSightings` records what a run has seen below the prefix of the source; an absence counted before is forgotten.
 *   Records without a source become this one's. False if the source is gone.
 * - `closeListing` counts an absence for each member that the run has not seen, once however often it is called for a run,
 *   and tells how many there are. Members that are no longer recorded at their place are dropped, and so are those in folders
 *   of these names, which the listing has passed over.
 * - `hold` makes removals wait: those absent from this run become the list to confirm. `release` ends that.
 * - `dueMembers` pages by image path through those absent twice, as of this run.
 * - `markVanished` marks records as gone, but for those that were written since `unchangedSinceMs`, lie elsewhere by now
 *   or are being brought in. It answers how many were marked.
 * - `awaitImports` notes that a run saw everything. When the run ends and no import failed for a passing reason, "last good
 *   sync" moves to the beginning of the run.
 * - `startVerifications` adds verifications, as children of the newest run, where the source wants a level that reads
 *   data: of members that are available and not proved to it, or too long ago, newest first. Of the source there are never
 *   more unfinished than `ids`, which are used in order. A backup is tried once a run. None where `runId` is no run of a
 *   source that is still there.
 */
export interface SourceStore {
  addSource(source: SourceRecord): Promise<'added' | 'name_taken'>;
  listSources(projectId: string): Promise<readonly SourceRecord[]>;
  showSource(projectId: string, id: string): Promise<SourceRecord | null>;
  planSource(
    projectId: string,
    id: string,
    plan: { readonly pausedAtMs: number | null; readonly nextRunAtMs: number | null; readonly plannedAtMs: number },
  ): Promise<SourceRecord | null>;
  updateSource(
    projectId: string,
    id: string,
    changes: Pick<
      SourceRecord,
      'prefix' | 'level' | 'intervalS' | 'reverifyAfterS' | 'incompleteAfterS' | 'nextRunAtMs' | 'updatedAtMs'
    >,
  ): Promise<SourceRecord | null>;
  removeSource(projectId: string, id: string, removedAtMs: number): Promise<boolean>;
  dueSources(nowMs: number): Promise<readonly SourceRecord[]>;
  /** When the next run is planned, of all sources; null where none is. */
  nextRunAtMs(): Promise<number | null>;
  startRun(run: {
    readonly sourceId: string;
    readonly task: NewTask;
    readonly nextRunAtMs: number | null;
  }): Promise<{ readonly operationId: string; readonly isNew: boolean } | null>;
  noteSightings(
    sourceId: string,
    runId: string,
    sightings: readonly (SourceMember & { readonly importOperationId: string | null })[],
  ): Promise<boolean>;
  closeListing(sourceId: string, runId: string, passedOver: readonly string[]): Promise<ClosedListing>;
  hold(sourceId: string, runId: string, cause: HoldCause, heldAtMs: number): Promise<void>;
  release(sourceId: string): Promise<void>;
  dueMembers(run: {
    readonly sourceId: string;
    readonly runId: string;
    readonly onlyHeld: boolean;
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly (SourceMember & { readonly format: BackupFormat })[]>;
  markVanished(marking: {
    readonly sourceId: string;
    readonly runId: string;
    readonly unchangedSinceMs: number;
    readonly markedAtMs: number;
    readonly members: readonly SourceMember[];
  }): Promise<number>;
  keepMembers(sourceId: string, imagePaths: readonly string[]): Promise<void>;
  heldMembers(
    sourceId: string,
    limit: number,
  ): Promise<{ readonly members: readonly SourceMember[]; readonly count: number }>;
  listErrors(
    source: SourceRecord,
    limit: number,
  ): Promise<{ readonly errors: readonly SourceError[]; readonly count: number }>;
  /** Leaves out operations that belong to no run of a source. */
  sourceRunsOf(operationIds: readonly string[]): Promise<readonly SourceRunOf[]>;
  /**
   * Sums up the recorded members of each source that are not marked as gone, in the order of the ids. Of the resources it
   * answers `resourcesMax` at most.
   */
  contentsOf(sourceIds: readonly string[], resourcesMax: number): Promise<readonly SourceContents[]>;
  /** Those of these sources that have seen a backup of one of these resources. */
  sourcesOfResources(
    projectId: string,
    sourceIds: readonly string[],
    resourceIds: readonly string[],
  ): Promise<readonly string[]>;
  contentsOfRun(projectId: string, runId: string, resourcesMax: number): Promise<RunContents>;
  awaitImports(sourceId: string, runId: string): Promise<void>;
  startVerifications(starting: {
    readonly runId: string;
    readonly ids: readonly string[];
    readonly createdAtMs: number;
  }): Promise<readonly SourceVerification[]>;
}
