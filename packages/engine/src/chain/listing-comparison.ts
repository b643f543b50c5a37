import type { ObjectEntry } from '../storage/port.ts';
import type { BucketContext } from './chain-context.ts';
import { ListingDigest } from './listing-digest.ts';
import type { Fault, RecordedListing } from './proof/link.ts';

/** A recorded backup, as far as a listing can be compared with it. */
export type ComparedBackup = RecordedListing & {
  readonly imagePath: string;
  /** Why it is recorded as broken; null if it is whole. */
  readonly fault: Fault | null;
  /** When it was proved, or found broken. */
  readonly verifiedAtMs: number;
};

/**
 * State of a recorded backup in a listing: unchanged, changed, or not there. A folder marker alone counts as absent.
 */
export type Likeness = 'same' | 'changed' | 'absent';

/** A problem that concerns no single backup. */
export type SharedProblem = { readonly imagePath: string; readonly fault: Fault };

/** Compares the objects below one prefix of keys with what is recorded of them, while a listing streams by. */
export interface ListingComparison {
  /** Adds a recorded backup. Call it before passing any key from the backup's image path on. */
  expect(backup: ComparedBackup): void;
  /** Takes the next object whose key begins with the prefix, in the order of the listing. */
  pass(entry: ObjectEntry): void;
  /** Answers for each backup, by id, once the listing has gone past the prefix. Throws storage errors. */
  finish(context: BucketContext): Promise<ReadonlyMap<string, Likeness>>;
  /** What is wrong with the objects that the backups share, once finished; null or absent if nothing is. */
  readonly problem?: SharedProblem | null;
}

/** Whether this is a zero-byte object that stands for a folder in consoles and sync tools. */
export function isFolderMarker({ key, size }: Pick<ObjectEntry, 'key' | 'size'>): boolean {
  return size === 0 && key.endsWith('/');
}

/** Compares backups that share no objects: all of theirs are below their image path. */
export class PathComparison implements ListingComparison {
  readonly #imagePath: string;
  readonly #isPart: (relativeKey: string) => boolean;
  readonly #digest = new ListingDigest();
  readonly #expected: ComparedBackup[] = [];
  #isThere = false;

  /** `isPart` says whether an object is the backup's, by what follows the image path in its key. */
  constructor(imagePath: string, isPart: (relativeKey: string) => boolean) {
    this.#imagePath = imagePath;
    this.#isPart = isPart;
  }

  expect(backup: ComparedBackup): void {
    this.#expected.push(backup);
  }

  pass(entry: ObjectEntry): void {
    const relativeKey = entry.key.slice(this.#imagePath.length);
    if (!this.#isPart(relativeKey)) return;
    this.#digest.add(relativeKey, entry);
    this.#isThere ||= !isFolderMarker(entry);
  }

  async finish(): Promise<ReadonlyMap<string, Likeness>> {
    const { digest, fingerprint } = this.#digest.finish();
    // Objects that were copied back have other times. If all have ETags, those decide.
    const isSame = (recorded: RecordedListing) =>
      this.#digest.hasEtags ? recorded.fingerprint === fingerprint : recorded.digest === digest;
    const likenessOf = (recorded: RecordedListing) => (isSame(recorded) ? 'same' : 'changed');
    return new Map(this.#expected.map((each) => [each.backupId, this.#isThere ? likenessOf(each) : 'absent']));
  }
}

/** Whether this is the object of that exact key, or a key below it: `a/b` does not cover `a/bc`. */
export function isAtOrBelow(relativeKey: string): boolean {
  return relativeKey === '' || relativeKey.startsWith('/');
}
