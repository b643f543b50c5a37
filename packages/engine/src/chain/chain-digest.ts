import { createHash } from 'node:crypto';
import type { Examination } from './proof/link.ts';

/** SHA-256, hex, over what the listings of a backup and its ancestors show: another one means that a link is another. */
export function chainDigest({ listing, ancestors }: Pick<Examination, 'listing' | 'ancestors'>): string {
  const digests = [listing.digest, ...ancestors.map(({ listingDigest }) => listingDigest)];
  return createHash('sha256').update(digests.join()).digest('hex');
}
