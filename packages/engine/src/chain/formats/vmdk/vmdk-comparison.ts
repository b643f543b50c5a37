import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import type { ComparedBackup, Likeness, ListingComparison } from '../../listing-comparison.ts';
import { ListingDigest } from '../../listing-digest.ts';
import { listExtents, mayHaveExtents } from './vmdk-listing.ts';

/**
 * Compares a disk with a listing. In it, the extents come before the descriptor, when it is not known yet that there is
 * a record of the disk. They are listed again for it.
 */
export class VmdkComparison implements ListingComparison {
  readonly #imagePath: string;
  readonly #expected: ComparedBackup[] = [];
  #entry: ObjectEntry | null = null;

  constructor(imagePath: string) {
    this.#imagePath = imagePath;
  }

  expect(backup: ComparedBackup): void {
    this.#expected.push(backup);
  }

  pass(entry: ObjectEntry): void {
    if (entry.key === this.#imagePath) this.#entry = entry;
  }

  async finish(context: BucketContext): Promise<ReadonlyMap<string, Likeness>> {
    const entry = this.#entry;
    if (entry === null) return this.#all(() => 'absent');
    const alone = new ListingDigest();
    alone.add('', entry);
    const isSameAlone = sameness(alone);
    // A disk that was whole without extents needs none. A broken one may have been recorded before they came.
    const isOfOneFile = this.#expected.every((each) => isSameAlone(each) && each.fault === null);
    if (isOfOneFile || !mayHaveExtents(entry)) return this.#all((each) => (isSameAlone(each) ? 'same' : 'changed'));
    const digest = new ListingDigest();
    digest.add('', entry);
    for await (const extent of listExtents(context, this.#imagePath)) digest.add(extent.key, extent);
    const isSame = sameness(digest);
    return this.#all((each) => (isSame(each) ? 'same' : 'changed'));
  }

  #all(likenessOf: (backup: ComparedBackup) => Likeness): ReadonlyMap<string, Likeness> {
    return new Map(this.#expected.map((each) => [each.backupId, likenessOf(each)]));
  }
}

/** Objects that were copied back have other times. If all have ETags, those decide. */
function sameness(digest: ListingDigest): (recorded: ComparedBackup) => boolean {
  const listing = digest.finish();
  const { hasEtags } = digest;
  return (recorded) => (hasEtags ? recorded.fingerprint === listing.fingerprint : recorded.digest === listing.digest);
}
