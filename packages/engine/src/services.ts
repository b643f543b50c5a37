import type { CheckedBucket } from '@backup-sync/contracts';
import type { AuditLog } from './audit/audit-log.ts';
import type { EventStore } from './catalogue/event-port.ts';
import type { KnownBackups } from './catalogue/known-backup-port.ts';
import type { Catalogue } from './catalogue/port.ts';
import type { SourceStore } from './catalogue/source-port.ts';
import type { TaskStore } from './catalogue/task-port.ts';
import type { Clock } from './clock.ts';
import type { IdentityDirectory } from './identity/directory.ts';
import type { GrantStore } from './identity/grants.ts';
import type { SecretSeal } from './identity/secret-seal.ts';
import type { Backlog } from './imports/backlog.ts';
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

/** What the verbs work with. Put together in one place: see open-embedded-engine.ts. */
export type Services = {
  readonly catalogue: Catalogue;
  readonly taskStore: TaskStore;
  readonly events: EventStore;
  readonly knownBackups: KnownBackups;
  readonly sourceStore: SourceStore;
  readonly directory: IdentityDirectory;
  readonly grantStore: GrantStore;
  readonly auditLog: AuditLog;
  /** Address of the outside identity that has users, projects and roles; null where they are in the directory. */
  readonly outsideIdentity: string | null;
  /** For the secrets of access keys. */
  readonly seal: SecretSeal;
  readonly storage: StorageUnit;
  readonly storageProbe: StorageProbe;
  /** How fast a bucket has answered so far. */
  readonly rateOf: (bucketName: string) => StorageRate;
  readonly queue: JobQueue;
  /** The buckets that do not answer. */
  readonly outages: Outages;
  /** How long the server itself retries an operation that storage does not answer, milliseconds. */
  readonly retryForMs: number;
  readonly backlog: Backlog;
  /** How many chains are worked on side by side. */
  readonly chainsAtOnce: number;
  /** Aborted when the engine stops. */
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly storedTimes: StoredTimes;
  /** Bytes that a sync may read to prove one link: of block hashes, and of objects whose ETag is not their MD5. */
  readonly linkageMaxBytes: number;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
};
