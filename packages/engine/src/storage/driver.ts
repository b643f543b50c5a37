import type { Network } from '../network.ts';
import type { BudgetLimits } from './bucket-budget.ts';
import type { StorageUnit } from './port.ts';

/** How a service is reached. Plain data: threads are given it too. */
export type StorageEnvironment = {
  /** Region that requests are signed for. */
  readonly region?: string | undefined;
  /** Where a bucket stands in an address: in the path, or in the host name; `path` if it is not said. */
  readonly addressing?: 'path' | 'virtual' | undefined;
  readonly network?: Network | undefined;
};

export type OpenOptions = {
  /** Name under which records refer to the storage unit. */
  readonly id: string;
  readonly environment: StorageEnvironment;
  /** Told in plain sentences what a service does not offer or has wrong, and what is done instead. */
  readonly onNotice: ((text: string) => void) | undefined;
};

/** A place that a driver can open. */
export type StorageLocation = {
  /** The place written in one way only, wherever the process was started. Throws what the file system throws. */
  readonly canonical: () => string;
  /** Host name of the service, before which a bucket can stand in an address; null if there is no service. */
  readonly host: string | null;
  /** Loads what the driver needs, and contacts no service yet. Throws `StorageError` if a directory is not there. */
  readonly open: (options: OpenOptions) => Promise<StorageUnit>;
};

/** A kind of storage. A specification is `<scheme>:<place>`. */
export type StorageDriver = {
  readonly scheme: string;
  /** A specification with a placeholder, for help and errors. */
  readonly form: string;
  readonly example: string;
  /** What a place is: completion of a shell offers directories. */
  readonly placeKind: 'directory' | 'address';
  /** Reads the place. Throws what `refuse` makes of a problem, such as "names no directory". */
  readonly parse: (place: string, refuse: (problem: string) => Error) => StorageLocation;
  /** The place without what may be credentials. It may be malformed. */
  readonly withoutCredentials: (place: string) => string;
  /** What may be asked of one bucket unless options say; null: as much as anyone likes. */
  readonly defaultBudget: BudgetLimits | null;
  /** The rights that reading these buckets takes; null if the permissions of files decide. */
  readonly leastPolicy: LeastPolicy | null;
  /** The names of all buckets. Null if asking needs rights that no other work needs. Throws what the file system throws. */
  readonly listBuckets: ((place: string) => Promise<string[]>) | null;
};

/** A fraction of what services grant an account, so that others have their share. */
export const ordinaryBudget: BudgetLimits = { requestsPerSecond: 200, requestsInFlight: 32 };

export type LeastPolicy = {
  /** What the policy is, e.g. "a policy of S3". */
  readonly kind: string;
  readonly of: (bucketNames: readonly string[]) => object;
};
