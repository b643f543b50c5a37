import type { CheckedBucket } from '@backup-sync/contracts';
import type { CallCatalogue, Catalogue, CatalogueReads } from './catalogue/catalogue.ts';
import type { Clock } from './clock.ts';
import type { HookSender } from './hooks/hook-sender.ts';
import type { SecretSeal } from './identity/secret-seal.ts';
import type { Backlog } from './imports/backlog.ts';
import type { Log } from './log-events.ts';
import type { Meter } from './meter.ts';
import type { OwnNode } from './nodes/lease-holder.ts';
import type { EndListener } from './operations/after-end.ts';
import type { StoredTimes } from './operations/stored-times.ts';
import type { AcceptanceFirst } from './queue/acceptance-first.ts';
import type { JobQueue } from './queue/port.ts';
import type { StorageRate } from './storage/measured-storage-unit.ts';
import type { Outages } from './storage/outage.ts';
import type { StorageUnit } from './storage/port.ts';
import type { ProbeOptions } from './storage/probe-bucket.ts';
import type { TrustedRoots } from './trusted-roots.ts';

/** Tests which requests buckets allow, with a separate client: see probe-bucket.ts. */
export type StorageProbe = {
  /** The storage unit's specification without credentials. */
  readonly storage: string;
  readonly probe: (options: Pick<ProbeOptions, 'places' | 'timeoutMs' | 'signal'>) => Promise<CheckedBucket[]>;
};

/** The services that read storage, and that plan and run operations. */
export type Work = {
  readonly storage: StorageUnit;
  readonly storageProbe: StorageProbe;
  /** Returns how fast a bucket has answered so far. */
  readonly rateOf: (bucketName: string) => StorageRate;
  readonly queue: JobQueue;
  /** Gives the acceptance of imports precedence over work. */
  readonly acceptance: AcceptanceFirst;
  /** Callbacks for operations that have ended: see after-end.ts. */
  readonly endListeners: readonly EndListener[];
  /** The buckets that do not answer. */
  readonly outages: Outages;
  /** Time for which the server retries an operation if storage does not answer, in milliseconds. */
  readonly retryForMs: number;
  readonly backlog: Backlog;
  /** Number of chains that are worked on at the same time. */
  readonly chainsAtOnce: number;
  readonly storedTimes: StoredTimes;
  /** Signs events and sends them to hooks. */
  readonly hookSender: HookSender;
  /** Bytes that a sync may read to prove one link: block hashes, and objects whose ETag is not their MD5. */
  readonly linkageMaxBytes: number;
  /** Returns the certificates that may vouch for who signed a package. They can change while the process runs. */
  readonly trustedRoots: () => TrustedRoots;
};

/** Dependencies on the outside: time, new ids, the log, the stop signal, the identity service, the sealing key, a meter. */
export type World = {
  readonly clock: Clock;
  /** Returns a new UUIDv7. */
  readonly newId: () => string;
  readonly log: Log;
  /** Aborted when the engine stops. */
  readonly stopping: AbortSignal;
  /** Address of the external identity service with the users, projects and roles; null if they are in the catalogue. */
  readonly outsideIdentity: string | null;
  /** This process, if no other uses its catalogue; null if the catalogue lists the nodes. */
  readonly ownNode: OwnNode | null;
  /** Seals the secrets of access keys and hooks. */
  readonly seal: SecretSeal;
  /** Counts what this process does; null if nobody asks. */
  readonly meter: Meter | null;
};

/** Services for queries of the catalogue. */
export type QueryServices = { readonly catalogue: CatalogueReads; readonly world: World };

/** Services for plans, which examine chains and record nothing. */
export type PlanServices = QueryServices & {
  readonly work: Pick<Work, 'storage' | 'rateOf' | 'chainsAtOnce' | 'linkageMaxBytes' | 'trustedRoots'>;
};

/** Services for every call. A call changes the catalogue only through `Change`. */
export type CallServices = { readonly catalogue: CallCatalogue; readonly world: World; readonly work: Work };

/** Services for all work. */
export type Services = { readonly catalogue: Catalogue; readonly world: World; readonly work: Work };
