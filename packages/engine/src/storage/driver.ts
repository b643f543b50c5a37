import type { Network } from '../network.ts';
import type { BudgetLimits } from './bucket-budget.ts';
import type { StorageUnit } from './port.ts';

/** Settings for reaching a service. Plain data, because threads get it too. */
export type StorageEnvironment = {
  /** Region that requests are signed for. */
  readonly region?: string | undefined;
  /** Part of the address that names the bucket: the path (default) or the host name (`virtual`). */
  readonly addressing?: 'path' | 'virtual' | undefined;
  readonly network?: Network | undefined;
};

export type OpenOptions = {
  /** Name under which records refer to the storage unit. */
  readonly id: string;
  readonly environment: StorageEnvironment;
  /** Called with plain sentences about what a service lacks or has wrong, and what is done instead. */
  readonly onNotice: ((text: string) => void) | undefined;
};

/** A place that a driver can open. */
export type StorageLocation = {
  /** The place in a form that does not depend on the working directory. Throws file system errors. */
  readonly canonical: () => string;
  /** Host name of the service, to which an address may prepend the bucket; null if there is no service. */
  readonly host: string | null;
  /** Loads the driver without contacting a service. Throws `StorageError` if a directory does not exist. */
  readonly open: (options: OpenOptions) => Promise<StorageUnit>;
};

/** A kind of storage. A specification is `<scheme>:<place>`. */
export type StorageDriver = {
  readonly scheme: string;
  /** A specification with a placeholder, for help and errors. */
  readonly form: string;
  readonly example: string;
  /** Kind of place; shell completion offers directories. */
  readonly placeKind: 'directory' | 'address';
  /** Parses a place. Throws the error that `refuse` creates from a problem, such as "names no directory". */
  readonly parse: (place: string, refuse: (problem: string) => Error) => StorageLocation;
  /** Removes anything that may be a credential from a place, which may be malformed. */
  readonly withoutCredentials: (place: string) => string;
  /** Budget of a bucket unless options set one; null means no limit. */
  readonly defaultBudget: BudgetLimits | null;
  /** The rights needed to read buckets; null if file permissions decide. */
  readonly leastPolicy: LeastPolicy | null;
  /**
   * Lists the names of all buckets, sorted; null if that needs rights that nothing else needs. Throws `StorageError`.
   */
  readonly listBuckets: ((place: string) => Promise<string[]>) | null;
};

/** A fraction of the rate that services grant an account, so that others get their share. */
export const ordinaryBudget: BudgetLimits = { requestsPerSecond: 200, requestsInFlight: 32 };

export type LeastPolicy = {
  /** Name of the kind of policy, e.g. "an S3 policy". */
  readonly kind: string;
  readonly of: (bucketNames: readonly string[]) => object;
};
