import type { Catalogue } from '../catalogue/catalogue.ts';
import type { BucketContext, ChainContext } from '../chain/chain-context.ts';
import type { EdgeProof } from '../chain/proof/link.ts';
import type { Outages } from '../storage/outage.ts';

/** The context for finding the backups of a bucket: the storage to list, and the catalogue's records of its places. */
export type FindingContext = BucketContext & {
  readonly catalogue: {
    readonly backups: Pick<Catalogue['backups'], 'knownAtPlaces' | 'recordedBelow' | 'knownByIds' | 'knownChildren'>;
  };
  readonly findProofs: (backupIds: readonly string[]) => Promise<readonly EdgeProof[]>;
  readonly projectId: string;
  readonly outages: Outages;
  /** See {@link ChainContext}. */
  readonly trustedRoots: ChainContext['trustedRoots'];
  readonly nowMs: () => number;
  /** Takes an error of this program that concerns a single backup. */
  readonly onFault: (error: unknown) => void;
};
