import type { Ends, OperationKind } from './operation-records.ts';

/** A process that shares the catalogue with others. */
export type NewNode = {
  /** UUIDv7. It is the owner of the node's leases. */
  readonly id: string;
  readonly hostName: string;
  readonly pid: number;
  /** The release of the program. */
  readonly version: string;
  /** Whether it answers calls. */
  readonly serves: boolean;
  /** Whether it works on operations. */
  readonly works: boolean;
};

/** What a process knows about itself as a node. */
export type NodeDescription = Omit<NewNode, 'id'>;

/** What a node tells about itself with each heartbeat. */
export type Heartbeat = {
  readonly id: string;
  /** Number of jobs that it works on. */
  readonly jobs: number;
  /** Milliseconds by which the clock of its machine is ahead of the database's; negative if it is behind. */
  readonly clockAheadMs: number;
};

/** An operation that a node works on. */
export type LeasedOperation = {
  readonly id: string;
  readonly projectId: string;
  readonly kind: OperationKind;
  /** Of a scan, the source whose run it is; else null. */
  readonly sourceId: string | null;
  readonly bucketName: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number | null;
};

/** The operations under one lease: their number, and the first that were started. */
export type Leases = { readonly count: number; readonly operations: readonly LeasedOperation[] };

/** A node as listed. Times are in milliseconds since 1970, by the clock of the database. */
export type NodeRecord = NewNode &
  Heartbeat & {
    readonly startedAtMs: number;
    readonly heartbeatAtMs: number;
    readonly leases: Leases;
  };

/** The nodes that were found dead, and the work that they have left. */
export type Takeover = Ends & { readonly nodes: readonly Pick<NewNode, 'id' | 'hostName' | 'pid'>[] };
