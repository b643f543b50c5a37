import type { Catalogue } from '../catalogue/catalogue.ts';
import type { EdgeProof } from '../chain/proof/link.ts';
import type { Outages } from '../storage/outage.ts';
import type { StorageUnit } from '../storage/port.ts';

/** What finding the backups of a bucket needs: the listing, and what the catalogue knows of its places. */
export type FindingContext = {
  readonly storage: StorageUnit;
  readonly catalogue: {
    readonly backups: Pick<Catalogue['backups'], 'knownAtPlaces' | 'recordedBelow' | 'knownByIds' | 'knownChildren'>;
  };
  readonly findProofs: (backupIds: readonly string[]) => Promise<readonly EdgeProof[]>;
  readonly projectId: string;
  readonly bucketName: string;
  readonly outages: Outages;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
};
