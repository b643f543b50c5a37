import type { ChainContext } from '../../chain-context.ts';
import type { PathListings } from '../../path-listings.ts';
import type { ManifestHashes } from './manifest-hashes.ts';
import type { ManifestReadings } from './manifest-readings.ts';

/** The tools that the steps of a proof share during a run. */
export type ManifestTools = {
  readonly context: ChainContext;
  readonly listings: PathListings;
  readonly readings: ManifestReadings;
  readonly hashes: ManifestHashes;
  /** Maximum number of objects for which a link is compared with its listing. */
  readonly provableMax: number;
};
