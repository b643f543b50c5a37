import type { Catalogue } from './catalogue/port.ts';
import type { TaskStore } from './catalogue/task-port.ts';
import type { Clock } from './clock.ts';
import type { IdentityStore } from './identity/store.ts';
import type { JobQueue } from './queue/port.ts';
import type { StorageUnit } from './storage/port.ts';

/** What the verbs work with. Put together in one place: see open-embedded-engine.ts. */
export type Services = {
  readonly catalogue: Catalogue;
  readonly taskStore: TaskStore;
  readonly identityStore: IdentityStore;
  readonly storage: StorageUnit;
  readonly queue: JobQueue;
  readonly clock: Clock;
  /** Bytes of block hashes that a sync may read to prove one link. */
  readonly linkageMaxBytes: number;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
};
