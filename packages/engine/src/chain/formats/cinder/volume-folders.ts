import { type ListRequest, StorageError } from '../../../storage/port.ts';
import { mayHide, mayHideMoved } from '../../absences.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { Location } from '../../proof/link.ts';
import { folderLinksMax, provableObjectsMax, refuseBeyond } from '../../proof/object-bound.ts';
import type { ListedObjects } from '../../proof/object-columns.ts';
import { defaultFolderOf, parseCinderImagePath } from './image-path.ts';
import { KnownPlaces } from './known-places.ts';
import { LinkGathering } from './link-gathering.ts';
import { type CinderLink, type RetentionBudget, retentionCost } from './link-listing.ts';
import { VolumeListing } from './volume-listing.ts';

/** Maximum number of data objects kept from a run's listings, about 25 bytes each. Further ones are listed again. */
const retainedObjectsMax = 4_000_000;

type RetainedObjects = { readonly objects: ListedObjects; readonly budget: RetentionBudget };

/**
 * The folders of a run: that of the chain, and those in which parents were found. Each is listed once, as far as
 * needed.
 */
export class VolumeFolders {
  readonly #context: ChainContext;
  readonly #budget: RetentionBudget;
  readonly #provableMax: number;
  readonly #folders = new Map<string, Promise<VolumeListing>>();
  /** Second listings, for links that the first did not show. */
  readonly #secondLooks = new Map<VolumeListing, Promise<void>>();
  readonly #objects = new WeakMap<CinderLink, RetainedObjects>();

  constructor(context: ChainContext, retainedMax = retainedObjectsMax, provableMax = provableObjectsMax) {
    this.#context = context;
    this.#provableMax = provableMax;
    this.#budget = { objectsLeft: retainedMax };
  }

  /** Lists the folder as far as the links at these image paths and their known ancestors need it. */
  async open(bucketName: string, prefix: string, imagePaths: readonly string[]): Promise<void> {
    const folder = await this.#folder(bucketName, prefix);
    if (folder.isComplete) return;
    const keys = imagePaths.map((imagePath) => parseCinderImagePath(imagePath)).filter((key) => key !== null);
    const ancestors = await this.#knownPaths(
      folder,
      keys.map(({ backupId }) => backupId),
    );
    await folder.cover([...keys.map(({ imagePath }) => imagePath), ...ancestors]);
  }

  /** The latest state of the link at an image path; null if nothing of the format is there. */
  async linkAt(bucketName: string, imagePath: string): Promise<CinderLink | null> {
    const key = parseCinderImagePath(imagePath);
    if (key === null) return null;
    const folder = await this.#folder(bucketName, key.folder);
    await folder.cover([imagePath]);
    return folder.links.get(imagePath) ?? null;
  }

  /** Lists one link again, with all its objects unless they are too many to prove. Null if nothing of it is left. */
  async listLinkAgain(link: CinderLink): Promise<CinderLink | null> {
    const folder = await this.#folder(link.bucketName, link.folder);
    const budget = { objectsLeft: retentionCost(this.#provableMax) };
    const fresh = await this.#listLinks({ bucket: link.bucketName, prefix: link.imagePath }, link.folder, budget);
    const found = fresh.get(link.imagePath);
    if (found === undefined) {
      folder.links.delete(link.imagePath);
      return null;
    }
    folder.links.set(link.imagePath, found);
    return found;
  }

  /** The data objects of a link as listed; null if there were too many to keep, or they were released. */
  objectsOf(link: CinderLink): ListedObjects | null {
    return this.#objects.get(link)?.objects ?? null;
  }

  /** Releases a link's objects once they have been compared. */
  releaseObjects(link: CinderLink): void {
    const retained = this.#objects.get(link);
    if (retained === undefined) return;
    retained.budget.objectsLeft += retentionCost(retained.objects.count);
    this.#objects.delete(link);
  }

  /**
   * Finds the links that may be the parent of `child`, by the parent's id. Looks at these places in turn:
   *
   * 1. where the catalogue has it, so that no duplicate next to the child replaces the recorded backup;
   * 2. next to the child, as far as that folder is listed; then where it was proved, or where its imports expect it;
   * 3. in the other open folders, and in its own default folder if the child is in one;
   * 4. older parts of the child's folder;
   * 5. in the project's other buckets;
   * 6. in the child's folder, listed once more.
   *
   * A caller that has found the parent should stop iterating, which saves the later looks. If several links are found
   * at a time, the recorded link comes first, then the requested links of the run, then finished ones. Links of another
   * volume are left out. A link may come more than once.
   *
   * Finally throws `StorageError` `access_denied` if the parent is known to be in a bucket that may not be listed.
   */
  async *parentsOf(child: CinderLink, backupId: string): AsyncGenerator<readonly CinderLink[]> {
    const home = await this.#folder(child.bucketName, child.folder);
    const found = new Set<CinderLink>();
    const among = async (folder: VolumeListing) => {
      const candidates = await this.#candidatesIn(folder, backupId, child);
      for (const candidate of candidates) found.add(candidate);
      return candidates;
    };
    const known = new KnownPlaces(this.#context.storage.id, home);
    const amongKnown = async (location: Location) => {
      const folder = await known.unlessDenied(() => this.#folderOf(location));
      return folder === null ? [] : await among(folder);
    };
    const locations = await this.#context.locate(backupId);
    for (const location of known.elsewhere(locations.slice(0, 1))) yield await amongKnown(location);
    yield await among(home);
    if (!home.isComplete) {
      await home.cover(await this.#knownPaths(home, [backupId]));
      yield await among(home);
    }
    const proofs = await this.#context.findProofs([backupId]);
    for (const location of known.elsewhere([...locations, ...proofs.map((proof) => proof.location)])) {
      yield await amongKnown(location);
    }
    for (const opening of this.#folders.values()) yield await among(await opening);
    if (child.defaultRoot !== null) {
      yield await among(await this.#folder(home.bucketName, defaultFolderOf(child.defaultRoot, backupId)));
    }
    while (!home.isComplete) {
      await home.coverPast(child.imagePath);
      yield await among(home);
    }
    yield await this.#candidatesElsewhere(child, backupId, {
      isRecorded: locations.some(({ storageUnitId }) => storageUnitId === this.#context.storage.id),
      hasCandidates: found.size > 0,
    });
    const secondLook = this.#secondLooks.get(home) ?? this.#addNewLinks(home);
    this.#secondLooks.set(home, secondLook);
    await secondLook;
    yield await among(home);
    known.throwIfDenied();
  }

  /**
   * Finds backups with this id in the project's other buckets. All buckets are searched, so that their order decides
   * nothing. A bucket that refuses is skipped. A failure that may hide the parent is thrown if there are no other
   * candidates.
   */
  async #candidatesElsewhere(
    child: CinderLink,
    backupId: string,
    { isRecorded, hasCandidates }: { readonly isRecorded: boolean; readonly hasCandidates: boolean },
  ): Promise<readonly CinderLink[]> {
    const { defaultRoot, folder: ownFolder } = child;
    const prefix = defaultRoot === null ? ownFolder : defaultFolderOf(defaultRoot, backupId);
    const found: CinderLink[] = [];
    let failure: StorageError | null = null;
    for (const bucketName of await this.#context.projectBuckets()) {
      if (bucketName === child.bucketName) continue;
      try {
        found.push(...(await this.#candidatesInBucket(bucketName, prefix, child, backupId)));
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        if (!mayHide(error)) this.#context.absences.add(bucketName, prefix);
        else if (!isRecorded || mayHideMoved(error)) failure ??= error;
      }
    }
    if (failure !== null && found.length === 0 && !hasCandidates) throw failure;
    return found;
  }

  async #candidatesInBucket(
    bucketName: string,
    prefix: string,
    child: CinderLink,
    backupId: string,
  ): Promise<readonly CinderLink[]> {
    const { absences } = this.#context;
    if (absences.has(bucketName, prefix) || absences.has(bucketName, prefix, backupId)) return [];
    const folder = await this.#folder(bucketName, prefix, (opened) => opened.beginWithMoments());
    let found = await this.#candidatesIn(folder, backupId, child);
    while (found.length === 0 && !folder.isComplete) {
      await folder.coverPast(child.imagePath);
      found = await this.#candidatesIn(folder, backupId, child);
    }
    if (found.length === 0) absences.add(bucketName, prefix, folder.links.size === 0 ? null : backupId);
    return found;
  }

  async #candidatesIn(folder: VolumeListing, backupId: string, child: CinderLink): Promise<readonly CinderLink[]> {
    const found = [...folder.links.values()].filter(
      (link) => link.backupId === backupId && isOfSameVolume(link, child),
    );
    if (found.length < 2) return found;
    const [known] = await this.#context.locate(backupId);
    const isKnown = (link: CinderLink) => known?.bucketName === link.bucketName && known.imagePath === link.imagePath;
    const isAskedFor = (link: CinderLink) =>
      link.bucketName === this.#context.bucketName && this.#context.imagePaths.includes(link.imagePath);
    const rank = (link: CinderLink) => (isKnown(link) ? 0 : isAskedFor(link) ? 1 : link.metadata !== null ? 2 : 3);
    return found.toSorted((one, other) => rank(one) - rank(other));
  }

  /** Where these backups and their ancestors were when they were proved, if that is in this folder. */
  async #knownPaths(folder: VolumeListing, backupIds: readonly string[]): Promise<readonly string[]> {
    const paths: string[] = [];
    const asked = new Set<string>();
    for (let next = backupIds; next.length > 0; ) {
      for (const backupId of next) asked.add(backupId);
      const proofs = await this.#context.findProofs(next);
      for (const { location } of proofs) {
        const { storageUnitId, bucketName, imagePath } = location;
        const isHere = storageUnitId === this.#context.storage.id && bucketName === folder.bucketName;
        if (isHere && imagePath.startsWith(folder.prefix)) paths.push(imagePath);
      }
      const parents = proofs.map(({ parentBackupId }) => parentBackupId).filter((id) => id !== null);
      next = [...new Set(parents)].filter((id) => !asked.has(id));
    }
    return paths;
  }

  async #addNewLinks({ bucketName, prefix, links }: VolumeListing): Promise<void> {
    const fresh = await this.#listLinks({ bucket: bucketName, prefix }, prefix, this.#budget);
    for (const [imagePath, link] of fresh) {
      if (links.has(imagePath)) this.releaseObjects(link);
      else links.set(imagePath, link);
    }
  }

  async #folderOf({ bucketName, imagePath }: Location): Promise<VolumeListing | null> {
    const key = parseCinderImagePath(imagePath);
    if (key === null) return null;
    try {
      const folder = await this.#folder(bucketName, key.folder);
      await folder.cover([imagePath, ...(await this.#knownPaths(folder, [key.backupId]))]);
      return folder;
    } catch (error) {
      // The bucket may have been removed since the catalogue recorded this place.
      if (error instanceof StorageError && error.code === 'bucket_not_found') return null;
      throw error;
    }
  }

  #folder(
    bucketName: string,
    prefix: string,
    begin: (folder: VolumeListing) => Promise<void> = (folder) => folder.begin(),
  ): Promise<VolumeListing> {
    const folderKey = JSON.stringify([bucketName, prefix]);
    const known = this.#folders.get(folderKey);
    if (known !== undefined) return known;
    const budget = this.#budget;
    const retain = (link: CinderLink, objects: ListedObjects) => this.#objects.set(link, { objects, budget });
    const folder = new VolumeListing(this.#context, { bucketName, prefix }, { budget, retain });
    const opening = begin(folder).then(() => folder);
    this.#folders.set(folderKey, opening);
    // A folder that could not be listed does not count as open. The caller gets the error.
    opening.catch(() => this.#folders.delete(folderKey));
    return opening;
  }

  /** Lists links of one folder that it does not contain yet. */
  async #listLinks(request: ListRequest, folder: string, budget: RetentionBudget): Promise<Map<string, CinderLink>> {
    const links = new Map<string, CinderLink>();
    const gathering = new LinkGathering(request.bucket, folder, budget, (link, objects) => {
      links.set(link.imagePath, link);
      refuseBeyond(folderLinksMax, links.size, `backups in ${folder}`);
      if (objects !== null) this.#objects.set(link, { objects, budget });
    });
    for await (const page of this.#context.storage.list({ ...request, signal: this.#context.signal })) {
      for (const entry of page) gathering.add(entry);
    }
    gathering.finish();
    return links;
  }
}

/**
 * Whether the paths allow both to be of one volume. The early posix path does not contain the volume: the metadata and
 * hashes do.
 */
function isOfSameVolume(one: CinderLink, other: CinderLink): boolean {
  return one.volumeId === null || other.volumeId === null || one.volumeId === other.volumeId;
}
