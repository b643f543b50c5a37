import type { Backup, Hook, OperationKind, OperationStatus, VerificationLevel } from '@backup-sync/contracts';
import type { Outage } from '../storage/outage.ts';
import type { HookDeliveryStatus } from './hook-records.ts';
import type { SourceRecord } from './source-records.ts';

/** How many projects, sources and resources are measured one by one. The others are only counted. */
export type MeasureLimits = { readonly projects: number; readonly sources: number; readonly resources: number };

/** The counts of a project. */
export type ProjectMeasure = {
  readonly projectId: string;
  /** Null if the catalogue does not have its name. */
  readonly name: string | null;
  readonly backups: readonly { readonly status: Backup['status']; readonly count: number }[];
  readonly resources: number;
};

/**
 * The state of a resource: it is `retired`; or it has a backup in error that was made after its newest backup proved to
 * `linkage` (`failed`); or it has no such backup (`unproved`); or else it is `proved`.
 */
export type ResourceState = 'proved' | 'unproved' | 'failed' | 'retired';

/** The levels of which newest proved backups are measured: the lowest, and those that people wait for. */
export const measuredLevels = [
  'presence',
  'linkage',
  'content',
  'replay',
] as const satisfies readonly VerificationLevel[];

/** A newest proved backup: when it was made, and when it was last proved. Times are in milliseconds since 1970. */
export type MeasuredHead = {
  readonly level: VerificationLevel;
  readonly takenAtMs: number;
  readonly verifiedAtMs: number;
};

export type ResourceMeasure = {
  readonly projectId: string;
  readonly resourceId: string;
  readonly resourceName: string;
  readonly state: ResourceState;
  /** The newest proved backup for each of the {@link measuredLevels} that has one. */
  readonly heads: readonly MeasuredHead[];
};

export type SourceMeasure = Pick<
  SourceRecord,
  'projectId' | 'name' | 'bucketName' | 'intervalS' | 'createdAtMs' | 'lastGoodSyncAtMs'
> & { readonly isHeld: boolean; readonly isPaused: boolean };

/** What is known of the catalogue as a whole, as of one moment. */
export type Measures = {
  readonly sizeBytes: number;
  readonly projects: readonly ProjectMeasure[];
  readonly sources: readonly SourceMeasure[];
  readonly resources: readonly ResourceMeasure[];
  /** How many there are that were not measured one by one. */
  readonly dropped: MeasureLimits;
  /** Unfinished operations of all projects. */
  readonly unfinished: readonly {
    readonly kind: OperationKind;
    readonly status: OperationStatus;
    readonly count: number;
  }[];
  /** When the oldest unfinished operation of each status was accepted, in milliseconds since 1970; null if there is none. */
  readonly oldest: readonly { readonly status: UnfinishedStatus; readonly createdAtMs: number | null }[];
  readonly outages: readonly Outage[];
  /** Hooks of all projects. */
  readonly hooks: readonly { readonly status: Hook['status']; readonly count: number }[];
  /** Events of these hooks that wait or were given up. */
  readonly hookDeliveries: readonly { readonly status: HookDeliveryStatus; readonly count: number }[];
};

export const unfinishedStatuses = ['waiting', 'running'] as const satisfies readonly OperationStatus[];
export type UnfinishedStatus = (typeof unfinishedStatuses)[number];
