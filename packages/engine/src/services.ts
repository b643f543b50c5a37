import type { CheckedBucket } from '@backup-sync/contracts';
import type { CallCatalogue, Catalogue, CatalogueReads } from './catalogue/catalogue.ts';
import type { Clock } from './clock.ts';
import type { SecretSeal } from './identity/secret-seal.ts';
import type { Backlog } from './imports/backlog.ts';
import type { EndListener } from './operations/after-end.ts';
import type { StoredTimes } from './operations/stored-times.ts';
import type { JobQueue } from './queue/port.ts';
import type { StorageRate } from './storage/measured-storage-unit.ts';
import type { Outages } from './storage/outage.ts';
import type { StorageUnit } from './storage/port.ts';
import type { ProbeOptions } from './storage/probe-bucket.ts';

/** Tries what buckets let us do, by a client of its own: see probe-bucket.ts. */
export type StorageProbe = {
  /** The storage unit as it may be shown. */
  readonly storage: string;
  readonly probe: (options: Pick<ProbeOptions, 'places' | 'timeoutMs' | 'signal'>) => Promise<CheckedBucket[]>;
};

/** What looks at storage, and what plans and does work. */
export type Work = {
  readonly storage: StorageUnit;
  readonly storageProbe: StorageProbe;
  /** How fast a bucket has answered so far. */
  readonly rateOf: (bucketName: string) => StorageRate;
  readonly queue: JobQueue;
  /** Told of operations that have ended: see after-end.ts. */
  readonly endListeners: readonly EndListener[];
  /** The buckets that do not answer. */
  readonly outages: Outages;
  /** How long the server itself retries an operation that storage does not answer, milliseconds. */
  readonly retryForMs: number;
  readonly backlog: Backlog;
  /** How many chains are worked on side by side. */
  readonly chainsAtOnce: number;
  readonly storedTimes: StoredTimes;
  /** Bytes that a sync may read to prove one link: of block hashes, and of objects whose ETag is not their MD5. */
  readonly linkageMaxBytes: number;
};

/** What comes from outside: time, fresh ids, the end of the engine, and where users are. */
export type World = {
  readonly clock: Clock;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
  /** Aborted when the engine stops. */
  readonly stopping: AbortSignal;
  /** Address of the outside identity that has users, projects and roles; null where they are in the catalogue. */
  readonly outsideIdentity: string | null;
  /** For the secrets of access keys. */
  readonly seal: SecretSeal;
};

/** What a query of the catalogue has. */
export type QueryServices = { readonly catalogue: CatalogueReads; readonly world: World };

/** What looks at chains and records nothing has. */
export type PlanServices = QueryServices & {
  readonly work: Pick<Work, 'storage' | 'rateOf' | 'chainsAtOnce' | 'linkageMaxBytes'>;
};

/** What every call has. What it changes, it changes by `Change`. */
export type CallServices = { readonly catalogue: CallCatalogue; readonly world: World; readonly work: Work };

/** What all work has. */
export type Services = { readonly catalogue: Catalogue; readonly world: World; readonly work: Work };
