import { type ListRequest, StorageError } from '../../storage/port.ts';
import type { ChainContext } from '../examiner.ts';
import type { Location } from '../link.ts';
import { folderLinksMax, provableObjectsMax, refuseBeyond } from '../object-bound.ts';
import { defaultFolderOf, parseCinderImagePath } from './image-path.ts';
import { LinkGathering } from './link-gathering.ts';
import { type CinderLink, type RetentionBudget, retentionCost } from './link-listing.ts';
import type { ListedObjects } from './object-columns.ts';
import { VolumeListing } from './volume-listing.ts';

/** Data objects kept from listings, over a whole run: about 25 bytes each. What goes beyond is listed again. */
const retainedObjectsMax = 4_000_000;

type RetainedObjects = { readonly objects: ListedObjects; readonly budget: RetentionBudget };

/** The folders of a run, each listed once, as far as it is needed: that of the chain, and those where parents turned out to lie. */
export class VolumeFolders {
  readonly #context: ChainContext;
  readonly #budget: RetentionBudget;
  readonly #provableMax: number;
  readonly #folders = new Map<string, Promise<VolumeListing>>();
  /** Second looks for what was not seen in the first. */
  readonly #secondLooks = new Map<VolumeListing, Promise<void>>();
  readonly #objects = new WeakMap<CinderLink, RetainedObjects>();

  constructor(context: ChainContext, retainedMax = retainedObjectsMax, provableMax = provableObjectsMax) {
    this.#context = context;
    this.#provableMax = provableMax;
    this.#budget = { objectsLeft: retainedMax };
  }

  /** Lists the folder as far as the links at these image paths need it, with the ancestors that they are known to have. */
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

  /** The newest knowledge of the link at an image path; null where nothing of the format is there. */
  async linkAt(bucketName: string, imagePath: string): Promise<CinderLink | null> {
    const key = parseCinderImagePath(imagePath);
    if (key === null) return null;
    const folder = await this.#folder(bucketName, key.folder);
    await folder.cover([imagePath]);
    return folder.links.get(imagePath) ?? null;
  }

  /** Lists one link anew, with all its objects where they are not more than can be proved. Null where nothing of it is left. */
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

  /** The data objects of a link as it was listed; null where they were too many to be kept, or have been let go of. */
  objectsOf(link: CinderLink): ListedObjects | null {
    return this.#objects.get(link)?.objects ?? null;
  }

  /** Lets go of a link's objects once they have been compared. */
  releaseObjects(link: CinderLink): void {
    const retained = this.#objects.get(link);
    if (retained === undefined) return;
    retained.budget.objectsLeft += retentionCost(retained.objects.count);
    this.#objects.delete(link);
  }

  /**
   * The links that may be the parent of `child`, by its backup's id: where the catalogue knows it, so that no duplicate
   * beside the child takes the place of what is recorded; beside the child, in the other folders that are open, in the
   * folder that it has by default where the child lies in its own, further in the past of the child's folder, and at last
   * in that folder listed once more. Whoever is content stops asking, which
   * saves what comes later. Of several that are seen at a time, that which the catalogue knows comes first, then those
   * that the run was asked for, then those that are finished. Links of another volume are none. A link may come more
   * than once.
   * Throws `StorageError` `access_denied` where one is known to lie in a bucket that may not be listed.
   */
  async *parentsOf(child: CinderLink, backupId: string): AsyncGenerator<readonly CinderLink[]> {
    const home = await this.#folder(child.bucketName, child.folder);
    const among = (folder: VolumeListing) => this.#candidatesIn(folder, backupId, child);
    const location = await this.#context.locate(backupId);
    const isOfUnit = location !== null && location.storageUnitId === this.#context.storage.id;
    const isAtHome = isOfUnit && location.bucketName === home.bucketName && location.imagePath.startsWith(home.prefix);
    if (isOfUnit && !isAtHome) {
      const folder = await this.#folderOf(location);
      if (folder !== null) yield await among(folder);
    }
    yield await among(home);
    if (!home.isComplete) {
      await home.cover(await this.#knownPaths(home, [backupId]));
      yield await among(home);
    }
    for (const opening of this.#folders.values()) yield await among(await opening);
    if (child.defaultRoot !== null) {
      yield await among(await this.#folder(home.bucketName, defaultFolderOf(child.defaultRoot, backupId)));
    }
    while (!home.isComplete) {
      await home.coverPast(child.imagePath);
      yield await among(home);
    }
    const secondLook = this.#secondLooks.get(home) ?? this.#addNewLinks(home);
    this.#secondLooks.set(home, secondLook);
    await secondLook;
    yield await among(home);
  }

  async #candidatesIn(folder: VolumeListing, backupId: string, child: CinderLink): Promise<readonly CinderLink[]> {
    const found = [...folder.links.values()].filter(
      (link) => link.backupId === backupId && isOfSameVolume(link, child),
    );
    if (found.length < 2) return found;
    const known = await this.#context.locate(backupId);
    const isKnown = (link: CinderLink) =>
      known !== null && known.bucketName === link.bucketName && known.imagePath === link.imagePath;
    const isAskedFor = (link: CinderLink) =>
      link.bucketName === this.#context.bucketName && this.#context.imagePaths.includes(link.imagePath);
    const rank = (link: CinderLink) => (isKnown(link) ? 0 : isAskedFor(link) ? 1 : link.metadata !== null ? 2 : 3);
    return found.toSorted((one, other) => rank(one) - rank(other));
  }

  /** Where these backups and their ancestors were when they were proved, as far as that is in this folder. */
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
      // The catalogue's knowledge may be older than the bucket's end.
      if (error instanceof StorageError && error.code === 'bucket_not_found') return null;
      throw error;
    }
  }

  #folder(bucketName: string, prefix: string): Promise<VolumeListing> {
    const folderKey = JSON.stringify([bucketName, prefix]);
    const known = this.#folders.get(folderKey);
    if (known !== undefined) return known;
    const budget = this.#budget;
    const retain = (link: CinderLink, objects: ListedObjects) => this.#objects.set(link, { objects, budget });
    const folder = new VolumeListing(this.#context, { bucketName, prefix }, { budget, retain });
    const opening = folder.begin().then(() => folder);
    this.#folders.set(folderKey, opening);
    // A folder that could not be listed is not among those that are open; the caller sees the error.
    opening.catch(() => this.#folders.delete(folderKey));
    return opening;
  }

  /** Lists links of one folder that have no place in it yet. */
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

/** Where the early posix path does not tell the volume, the metadata and the block hashes do. */
function isOfSameVolume(one: CinderLink, other: CinderLink): boolean {
  return one.volumeId === null || other.volumeId === null || one.volumeId === other.volumeId;
}
