import type { ChainContext } from '../../chain-context.ts';
import type { PathListings } from '../../path-listings.ts';
import type { ManifestHashes } from './manifest-hashes.ts';
import type { ManifestReadings } from './manifest-readings.ts';

/** What the steps of a proof share during a run. */
export type ManifestTools = {
  readonly context: ChainContext;
  readonly listings: PathListings;
  readonly readings: ManifestReadings;
  readonly hashes: ManifestHashes;
  /** A link with more objects is not held against its listing. */
  readonly provableMax: number;
};
