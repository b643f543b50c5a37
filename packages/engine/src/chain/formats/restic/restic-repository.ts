import { createHash } from 'node:crypto';
import { counted } from '@backup-sync/contracts';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { StoredContent } from '../../data.ts';
import { ListingDigest } from '../../listing-digest.ts';
import { type EdgeProof, type Fault, isSameLocation, type Listing, type RecordedListing } from '../../proof/link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { checkKey } from './key-document.ts';
import { damageOf, holdsFor, type KnownDamage } from './known-damage.ts';
import { parseSnapshotPath, type RepositoryPart, type SnapshotPath } from './repository-path.ts';
import { RepositoryState } from './repository-state.ts';

/** restic tries no more keys than these to open a repository. */
const keysMax = 20;
/** Objects whose entries are kept to be read, at some 300 bytes of memory each. More are listed again. */
const keptObjectsMax = 20_000;
const batchObjects = 1000;

/** What is recorded of one of the snapshots for which the run was opened. */
export type Recorded = { readonly listing: RecordedListing; readonly proof: EdgeProof };

/** What reading the keys has shown. Any one of them opens the repository. */
type KeyCheck = {
  readonly right: number;
  readonly wrong: number;
  /** What is wrong with the first one that is. */
  readonly first: Fault | null;
  /** The same if no key is right, so that none opens the repository. */
  readonly fault: Fault | null;
};

type KeyEntry = { readonly entry: ObjectEntry; readonly sha256: string };

/** One listing of a repository. */
type RepositoryListing = {
  readonly state: RepositoryState;
  /** The snapshots for which the run was opened, by key. */
  readonly snapshots: ReadonlyMap<string, ObjectEntry>;
  readonly keys: readonly KeyEntry[];
  /** Everything but snapshots. */
  readonly shared: Listing;
  readonly snapshotCount: number;
  readonly snapshotBytes: number;
  /** Names of the objects that the run's own snapshots are recorded to be damaged by, and that are still there. */
  readonly damaged: ReadonlySet<string>;
  /** What reading any snapshot has found of objects that all may need, newest first. They may be gone. */
  readonly suspected: readonly KnownDamage[];
  /** What every snapshot may need, to be read; null if that is not wanted, or is too much to keep. */
  readonly contents: readonly StoredContent[] | null;
};

/** A repository during a run. It is listed once, and its keys are read once, for all snapshots. */
export class ResticRepository {
  readonly context: ChainContext;
  /** By backup id. */
  readonly recorded: ReadonlyMap<string, Recorded>;
  readonly #path: SnapshotPath;
  readonly #keptMax: number;
  #listing: RepositoryListing;
  #secondLook: Promise<RepositoryListing> | null = null;
  #keyCheck: Promise<KeyCheck> | null = null;
  #damage: Promise<KnownDamage | null> | null = null;

  private constructor(
    context: ChainContext,
    path: SnapshotPath,
    recorded: ReadonlyMap<string, Recorded>,
    listing: RepositoryListing,
    keptMax: number,
  ) {
    this.context = context;
    this.#path = path;
    this.recorded = recorded;
    this.#listing = listing;
    this.#keptMax = keptMax;
  }

  /** Lists a repository. `path` is that of one of its snapshots. Throws storage errors. */
  static async open(context: ChainContext, path: SnapshotPath, keptMax = keptObjectsMax): Promise<ResticRepository> {
    const recorded = await findRecorded(context);
    const listing = await list(context, path, recorded, keptMax);
    return new ResticRepository(context, path, recorded, listing, keptMax);
  }

  get state(): RepositoryState {
    return this.#listing.state;
  }

  /** The snapshot at an image path of the run; null if it is not there, or if this is no repository. */
  snapshotAt(imagePath: string): ObjectEntry | null {
    return this.state.isRepository ? (this.#listing.snapshots.get(imagePath) ?? null) : null;
  }

  /**
   * The listing of a snapshot. It may need any object of the repository, so all of them count. Other snapshots are
   * nothing that it needs: its digest stays when they come and go.
   */
  listingOf({ size, etag, modifiedAtMs }: ObjectEntry): Listing {
    const { shared, snapshotCount, snapshotBytes } = this.#listing;
    return {
      digest: digestOf([size, etag, modifiedAtMs, shared.digest]),
      fingerprint: digestOf([size, etag, shared.fingerprint]),
      objectCount: shared.objectCount + snapshotCount,
      storedBytes: shared.storedBytes + snapshotBytes,
      // restic writes the snapshot last. What is newer belongs to others.
      newestObjectAtMs: modifiedAtMs,
    };
  }

  get keyObjects(): readonly ObjectEntry[] {
    return this.#listing.keys.map(({ entry }) => entry);
  }

  /** Whether the object that has this recorded fault is still there. */
  hasDamaged(fault: Fault): boolean {
    const damage = damageOf(fault, 0);
    return damage !== null && this.#listing.damaged.has(damage.name);
  }

  /** Lists the repository a second time, but only once in a run. Throws storage errors. */
  async listAgain(): Promise<void> {
    this.#secondLook ??= list(this.context, this.#path, this.recorded, this.#keptMax);
    const listing = await this.#secondLook;
    if (listing !== this.#listing) {
      this.#keyCheck = null;
      this.#damage = null;
    }
    this.#listing = listing;
  }

  /** Why what every snapshot needs is not whole; null if it is, as far as a listing and the keys show. */
  async findFault(): Promise<{ readonly fault: Fault; readonly looksMissing: boolean } | null> {
    const { root } = this.#path;
    const { state } = this;
    const missing = (what: string) => ({
      fault: { code: 'object_missing', detail: what } as const,
      looksMissing: true,
    });
    if (state.config === null) return missing(`${root}config`);
    if (state.keyCount === 0) return missing(`${root}keys/ has no key, so no password opens the repository`);
    if (state.packs.all().count === 0) return missing(`${root}data/ has no pack, although there is a snapshot`);
    if (state.indexes.all().count === 0) return missing(`${root}index/ is empty, although there are packs`);
    if (state.indexFault !== null) return { fault: state.indexFault, looksMissing: false };
    this.#keyCheck ??= this.#checkKeys();
    const { fault } = await this.#keyCheck;
    return fault === null ? null : { fault, looksMissing: false };
  }

  /**
   * The newest damage that reading any recorded snapshot has found of an object that all may need, if the object is
   * still there and was not written again since; null if there is none. Throws storage errors.
   */
  findDamage(): Promise<KnownDamage | null> {
    this.#damage ??= this.#findDamage();
    return this.#damage;
  }

  /** Says which keys open nothing although another one does; null if all are right. */
  async keyRemark(): Promise<string | null> {
    this.#keyCheck ??= this.#checkKeys();
    const { wrong, right, first } = await this.#keyCheck;
    if (first === null || right === 0) return null;
    return `${counted(wrong, 'key')} cannot open the repository although another one can: ${first.detail}`;
  }

  /** Says what else is stored in the folder of the repository; null if nothing is. */
  get remark(): string | null {
    const { foreignCount, firstForeign } = this.state;
    // At the top of a bucket, other objects are nothing unusual.
    if (firstForeign === null || this.#path.root === '') return null;
    return `${counted(foreignCount, 'object')} in ${this.#path.root} are not of restic, such as ${firstForeign}`;
  }

  /**
   * Everything that the snapshot may need but keys, with the digests that names say, in the order of the listing. If that is too
   * much to keep, it is listed again. Throws `ReadFault` if it is then no longer the same, and storage errors.
   */
  async *contentsFor(snapshot: ObjectEntry, sha256: string): AsyncGenerator<readonly StoredContent[]> {
    const { contents, shared } = this.#listing;
    yield [contentOf(snapshot, sha256)];
    if (contents !== null) {
      for (let start = 0; start < contents.length; start += batchObjects)
        yield contents.slice(start, start + batchObjects);
      return;
    }
    const digest = new ListingDigest();
    for await (const page of pagesOf(this.context, this.#path)) {
      const batch: StoredContent[] = [];
      for (const { entry, part } of page) {
        // What was written since is not part of what is proved.
        if (!isShared(part) || entry.modifiedAtMs > (shared.newestObjectAtMs ?? 0)) continue;
        digest.add(entry.key.slice(this.#path.root.length), entry);
        if (part.kind !== 'key') batch.push(contentOf(entry, part.sha256));
      }
      yield batch;
    }
    if (digest.finish().digest === shared.digest) return;
    const detail = `objects of ${this.#path.root} were replaced or deleted while it was read`;
    throw new ReadFault({ code: 'changed_while_read', detail }, false);
  }

  async #checkKeys(): Promise<KeyCheck> {
    let [first, right, wrong]: [Fault | null, number, number] = [null, 0, 0];
    for (const { entry, sha256 } of this.#listing.keys) {
      try {
        await checkKey(this.context, entry, sha256);
        right += 1;
      } catch (error) {
        if (!(error instanceof ReadFault)) throw error;
        wrong += 1;
        first ??= error.fault;
      }
    }
    return { right, wrong, first, fault: right > 0 ? null : first };
  }

  async #findDamage(): Promise<KnownDamage | null> {
    const { storage, bucketName, signal } = this.context;
    for (const damage of this.#listing.suspected) {
      const key = `${this.#path.root}${damage.relativeKey}`;
      for await (const page of storage.list({ bucket: bucketName, prefix: key, signal })) {
        const entry = page.find((each) => each.key === key);
        if (entry !== undefined && holdsFor(damage, entry)) return damage;
        break;
      }
    }
    return null;
  }
}

async function findRecorded(context: ChainContext): Promise<ReadonlyMap<string, Recorded>> {
  const ids = context.imagePaths.map((imagePath) => parseSnapshotPath(imagePath)?.name ?? null);
  const known = ids.filter((id) => id !== null);
  const listings = await context.findListings(known);
  const proofs = new Map((await context.findProofs(known)).map((proof) => [proof.backupId, proof]));
  return new Map(
    listings.flatMap((listing) => {
      const proof = proofs.get(listing.backupId);
      return proof === undefined ? [] : [[listing.backupId, { listing, proof }] as const];
    }),
  );
}

async function list(
  context: ChainContext,
  path: SnapshotPath,
  recorded: ReadonlyMap<string, Recorded>,
  keptMax: number,
): Promise<RepositoryListing> {
  const { root, layout } = path;
  const shared = [...recorded.values()].map(({ listing }) => listing.shared);
  const state = new RepositoryState(
    root,
    layout,
    shared.filter((each) => each !== null),
  );
  const wanted = new Set(context.imagePaths);
  const snapshots = new Map<string, ObjectEntry>();
  const keys: KeyEntry[] = [];
  const known = [...recorded.values()];
  const own = new Set(known.map(({ proof }) => damageOf(proof.fault, proof.verifiedAtMs)?.name));
  const suspected: KnownDamage[] = [];
  const damaged = new Set<string>();
  const digest = new ListingDigest();
  let [snapshotCount, snapshotBytes] = [0, 0];
  let contents: StoredContent[] | null = context.dataFollows ? [] : null;
  for await (const page of pagesOf(context, path, state)) {
    for (const { entry, part } of page) {
      if (part.kind === 'snapshot') {
        snapshotCount += 1;
        snapshotBytes += entry.size;
        if (wanted.has(entry.key)) snapshots.set(entry.key, entry);
      } else if (isShared(part)) {
        digest.add(entry.key.slice(root.length), entry);
        if (part.kind === 'key' && part.sha256 !== null && keys.length < keysMax) {
          keys.push({ entry, sha256: part.sha256 });
        }
        if (part.sha256 !== null && own.has(part.sha256)) damaged.add(part.sha256);
        // Keys are read when the snapshot is proved: any one that is right is enough.
        if (part.kind !== 'key') contents?.push(contentOf(entry, part.sha256));
        if (contents !== null && contents.length > keptMax) contents = null;
      }
    }
    // All of the data is read anyway if it follows.
    if (!context.dataFollows) suspected.push(...(await damageFoundWith(context, page)));
  }
  suspected.sort((one, other) => other.foundAtMs - one.foundAtMs);
  const counts = { snapshotCount, snapshotBytes };
  return { state, snapshots, keys, shared: digest.finish(), ...counts, damaged, suspected, contents };
}

/** What reading the snapshots of this page has found of objects that all may need. One of each object is enough. */
async function damageFoundWith(
  { findProofs, storage, bucketName }: ChainContext,
  page: readonly SeenPart[],
): Promise<readonly KnownDamage[]> {
  const places = new Map<string, string>();
  for (const { entry, part } of page) {
    if (part.kind === 'snapshot' && part.sha256 !== null) places.set(part.sha256, entry.key);
  }
  if (places.size === 0) return [];
  const found = new Map<string, KnownDamage>();
  for (const { backupId, location, fault, verifiedAtMs } of await findProofs([...places.keys()])) {
    const here = { storageUnitId: storage.id, bucketName, imagePath: places.get(backupId) ?? '' };
    const damage = isSameLocation(location, here) ? damageOf(fault, verifiedAtMs) : null;
    if (damage === null || !damage.isShared) continue;
    if ((found.get(damage.name)?.foundAtMs ?? -1) < damage.foundAtMs) found.set(damage.name, damage);
  }
  return [...found.values()];
}

type SeenPart = { readonly entry: ObjectEntry; readonly part: RepositoryPart };

async function* pagesOf(
  { storage, bucketName, signal }: ChainContext,
  { root, layout }: SnapshotPath,
  state = new RepositoryState(root, layout, []),
): AsyncGenerator<readonly SeenPart[]> {
  for await (const page of storage.list({ bucket: bucketName, prefix: root, signal })) {
    yield page.map((entry) => ({ entry, part: state.pass(entry) }));
  }
}

/** Whether this is something that every snapshot may need. */
function isShared({ kind }: RepositoryPart): boolean {
  return kind === 'config' || kind === 'key' || kind === 'index' || kind === 'pack' || kind === 'elsewhere';
}

function contentOf({ key, size, etag, modifiedAtMs }: ObjectEntry, sha256: string | null): StoredContent {
  return {
    key,
    storedBytes: size,
    etag,
    modifiedAtMs,
    length: size,
    compression: 'none',
    plainDigest: null,
    // The config has a fixed name, so reading it shows only that it can be read.
    storedDigest: sha256 === null ? null : { algorithm: 'sha256', hex: sha256 },
  };
}

function digestOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
