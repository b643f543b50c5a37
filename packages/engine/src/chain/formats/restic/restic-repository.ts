import { createHash } from 'node:crypto';
import { counted } from '@backup-sync/contracts';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { StoredContent } from '../../data.ts';
import { ListingDigest } from '../../listing-digest.ts';
import type { EdgeProof, Fault, Listing, RecordedListing } from '../../proof/link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { checkKey } from './key-document.ts';
import { parseSnapshotPath, type RepositoryPart, type SnapshotPath } from './repository-path.ts';
import { RepositoryState } from './repository-state.ts';

/** restic tries no more keys than these to open a repository. */
const keysMax = 20;
/** Objects whose entries are kept to be read, at some 300 bytes of memory each. More are listed again. */
const keptObjectsMax = 20_000;
const batchObjects = 1000;
const damagedPattern = /(?:data\/(?:[0-9a-f]{2}\/)?|(?:index|keys?|snapshots?)\/)([0-9a-f]{64}): /;

/** What is recorded of one of the snapshots for which the run was opened. */
export type Recorded = { readonly listing: RecordedListing; readonly proof: EdgeProof };

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
  /** Names of the objects that were found to be damaged and are still there. */
  readonly damaged: ReadonlySet<string>;
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
  #keyFault: Promise<Fault | null> | null = null;

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
    const name = namedBy(fault);
    return name !== null && this.#listing.damaged.has(name);
  }

  /** Lists the repository a second time, but only once in a run. Throws storage errors. */
  async listAgain(): Promise<void> {
    this.#secondLook ??= list(this.context, this.#path, this.recorded, this.#keptMax);
    const listing = await this.#secondLook;
    if (listing !== this.#listing) this.#keyFault = null;
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
    this.#keyFault ??= this.#checkKeys();
    const fault = await this.#keyFault;
    return fault === null ? null : { fault, looksMissing: false };
  }

  /** Says what else is stored in the folder of the repository; null if nothing is. */
  get remark(): string | null {
    const { foreignCount, firstForeign } = this.state;
    // At the top of a bucket, other objects are nothing unusual.
    if (firstForeign === null || this.#path.root === '') return null;
    return `${counted(foreignCount, 'object')} in ${this.#path.root} are not of restic, such as ${firstForeign}`;
  }

  /**
   * Everything that the snapshot may need, with the digests that names say, in the order of the listing. If that is too
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
        batch.push(contentOf(entry, part.sha256));
      }
      yield batch;
    }
    if (digest.finish().digest === shared.digest) return;
    const detail = `objects of ${this.#path.root} were replaced or deleted while it was read`;
    throw new ReadFault({ code: 'changed_while_read', detail }, false);
  }

  async #checkKeys(): Promise<Fault | null> {
    for (const { entry, sha256 } of this.#listing.keys) {
      try {
        await checkKey(this.context, entry, sha256);
      } catch (error) {
        if (error instanceof ReadFault) return error.fault;
        throw error;
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
  const known = [...recorded.values()].map(({ listing }) => listing.shared).filter((shared) => shared !== null);
  const state = new RepositoryState(root, layout, known);
  const wanted = new Set(context.imagePaths);
  const snapshots = new Map<string, ObjectEntry>();
  const keys: KeyEntry[] = [];
  const suspected = new Set([...recorded.values()].map(({ proof }) => namedBy(proof.fault)));
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
        if (part.sha256 !== null && suspected.has(part.sha256)) damaged.add(part.sha256);
        contents?.push(contentOf(entry, part.sha256));
        if (contents !== null && contents.length > keptMax) contents = null;
      }
    }
  }
  return { state, snapshots, keys, shared: digest.finish(), snapshotCount, snapshotBytes, damaged, contents };
}

/** The name of the object that a fault in data is about: its text begins with the key. */
function namedBy(fault: Fault | null): string | null {
  return fault?.code === 'content_mismatch' ? (damagedPattern.exec(fault.detail)?.[1] ?? null) : null;
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
