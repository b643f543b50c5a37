import { createHash, type Hash } from 'node:crypto';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { Fault, SharedListing } from '../../proof/link.ts';
import { digestOfEntry, type ObjectSet, SharedObjects } from '../../shared-objects.ts';
import { sealBytes } from './key-document.ts';
import { type Layout, partOf, type RepositoryPart } from './repository-path.ts';

/** The header of a pack: an entry of at least 37 bytes, encrypted, and its length. */
const packHeaderBytes = sealBytes + 37 + 4;

/** How a repository differs from what was recorded of it. */
export type Change =
  /** It is as it was. */
  | 'none'
  /** Objects were added. */
  | 'grown'
  /** It was pruned: objects are gone, and the index was written again. */
  | 'pruned'
  /** Objects are gone, and no index that would say so was written since. */
  | 'lost'
  /** The snapshot or the config is another object, or an older one was copied back. */
  | 'other';

/**
 * What a listing shows of a repository, in memory that does not grow with it: sets of objects are digests. It serves the
 * proof of snapshots and their comparison with records, so both see the same changes.
 */
export class RepositoryState {
  readonly #layout: Layout;
  readonly #root: string;
  readonly #keys: Hash = createHash('sha256');
  #keysDigest: string | null = null;
  readonly packs: SharedObjects;
  readonly indexes: SharedObjects;
  config: ObjectEntry | null = null;
  keyCount = 0;
  /** The first pack of an impossible size or at a wrong place; null if there is none. */
  packFault: Fault | null = null;
  /** The same for the config, and objects of the index. */
  indexFault: Fault | null = null;
  foreignCount = 0;
  firstForeign: string | null = null;

  /** `recorded` are the recorded states that it can be compared with. */
  constructor(root: string, layout: Layout, recorded: Iterable<SharedListing>) {
    const known = [...recorded];
    this.#root = root;
    this.#layout = layout;
    this.packs = new SharedObjects(timesOf(known.map(({ newestObjectAtMs }) => newestObjectAtMs)));
    this.indexes = new SharedObjects(timesOf(known.map(({ indexes }) => indexes?.newestObjectAtMs ?? null)));
  }

  /** Takes the next object of the listing, and tells what it is. */
  pass(entry: ObjectEntry): RepositoryPart {
    const relativeKey = entry.key.slice(this.#root.length);
    const part = partOf(relativeKey, this.#layout);
    switch (part.kind) {
      case 'config':
        this.config = entry;
        if (entry.size <= sealBytes) this.indexFault ??= impossibleSize(entry);
        break;
      case 'key':
        this.keyCount += 1;
        this.#keys.update(`${JSON.stringify([relativeKey, ...identityOf(entry)])}\n`);
        break;
      case 'index':
        this.indexes.add(digestOfEntry(relativeKey, entry), entry.modifiedAtMs);
        if (entry.size <= sealBytes) this.indexFault ??= impossibleSize(entry);
        break;
      case 'pack':
        this.packs.add(digestOfEntry(relativeKey, entry), entry.modifiedAtMs);
        if (entry.size <= packHeaderBytes) this.packFault ??= impossibleSize(entry);
        break;
      case 'elsewhere':
        this.packs.add(digestOfEntry(relativeKey, entry), entry.modifiedAtMs);
        this.packFault ??= {
          code: 'object_stray',
          detail: `${entry.key} is a pack in a folder in which restic does not look for it`,
        };
        break;
      case 'foreign':
        this.foreignCount += 1;
        this.firstForeign ??= entry.key;
        break;
      default:
    }
    return part;
  }

  /** Whether the listing alone shows that it is not whole. */
  get isDamaged(): boolean {
    const { config, keyCount, packFault, indexFault } = this;
    if (config === null || keyCount === 0 || packFault !== null || indexFault !== null) return true;
    return this.packs.all().count === 0 || this.indexes.all().count === 0;
  }

  /** Whether anything but a snapshot shows that this is a repository. */
  get isRepository(): boolean {
    return this.config !== null || this.keyCount > 0 || this.indexes.all().count > 0 || this.packs.all().count > 0;
  }

  /** The state as it is recorded with a snapshot. */
  sharedOf(snapshot: ObjectEntry): SharedListing & { readonly keys: string } {
    const index = this.indexes.all();
    return {
      own: this.#ownDigestOf(snapshot),
      keys: this.#digestOfKeys(),
      index: index.digest,
      indexes: { count: index.count, newestObjectAtMs: this.indexes.newestMs },
      ...this.packs.all(),
      newestObjectAtMs: this.packs.newestMs,
    };
  }

  /** Whether the keys are those of a recorded state. They come and go without a change of anything else. */
  hasKeysOf({ keys }: SharedListing): boolean {
    return keys === this.#digestOfKeys();
  }

  /** How all but the keys has changed since a state was recorded with this snapshot. */
  changeSince(recorded: SharedListing, snapshot: ObjectEntry): Change {
    const { indexes } = recorded;
    if (recorded.own !== this.#ownDigestOf(snapshot) || indexes === undefined || recorded.index === null)
      return 'other';
    const index = { count: indexes.count, digest: recorded.index };
    const hasIndex = hasAll(this.indexes, index, indexes.newestObjectAtMs);
    const hasPacks = hasAll(this.packs, recorded, recorded.newestObjectAtMs);
    if (hasIndex && hasPacks) return this.#isEmptySince(recorded, indexes.count) ? 'none' : 'grown';
    // A prune writes the index without what it removes. It deletes the old index before the packs.
    const isWrittenAgain = !hasIndex && (this.indexes.newestMs ?? 0) > (indexes.newestObjectAtMs ?? 0);
    return isWrittenAgain ? 'pruned' : 'lost';
  }

  #isEmptySince(recorded: SharedListing, indexCount: number): boolean {
    return this.packs.all().count === recorded.count && this.indexes.all().count === indexCount;
  }

  /** With times: other times show that objects were copied back, and then age tells nothing about the rest. */
  #ownDigestOf(snapshot: ObjectEntry): string {
    const config = this.config === null ? null : identityOf(this.config);
    const own = JSON.stringify([...identityOf(snapshot), config]);
    return createHash('sha256').update(own).digest('hex');
  }

  #digestOfKeys(): string {
    this.#keysDigest ??= this.#keys.digest('hex');
    return this.#keysDigest;
  }
}

function identityOf({ size, etag, modifiedAtMs }: ObjectEntry): readonly unknown[] {
  return [size, etag, modifiedAtMs];
}

/**
 * Whether all objects of a recorded set are still there, among others or alone. If there are more than were recorded of
 * the same age, some were written in the same second after the listing, and nothing shows that one is gone.
 */
function hasAll(
  now: SharedObjects,
  recorded: { readonly count: number; readonly digest: string },
  newestObjectAtMs: number | null,
): boolean {
  const isSame = (set: ObjectSet) => set.count === recorded.count && set.digest === recorded.digest;
  const older = now.upTo(newestObjectAtMs);
  return isSame(now.all()) || isSame(older) || older.count > recorded.count;
}

function timesOf(timesMs: readonly (number | null)[]): readonly number[] {
  return timesMs.filter((timeMs) => timeMs !== null);
}

export function impossibleSize({ key, size }: ObjectEntry): Fault {
  return { code: 'object_size_impossible', detail: `${key} has ${size} bytes, fewer than restic writes` };
}
