import { type ListRequest, StorageError } from '../../storage/port.ts';
import type { ChainContext } from '../examiner.ts';
import { defaultFolderOf, parseCinderImagePath, parseCinderKey } from './image-path.ts';
import { type CinderLink, isCinderLink, LinkListing, type RetentionBudget } from './link-listing.ts';
import type { ListedObjects } from './object-columns.ts';

/** Data objects kept from listings, over a whole run: about 30 bytes each. What goes beyond is listed again. */
const retainedObjectsMax = 4_000_000;

/** The links below one prefix of one bucket. */
type Folder = {
  readonly bucketName: string;
  readonly prefix: string;
  readonly links: Map<string, CinderLink>;
  /** The second look for what was not seen in the first; null before it. */
  secondLook: Promise<void> | null;
};

type RetainedObjects = { readonly objects: ListedObjects; readonly budget: RetentionBudget };

/** The folders of a run, each listed once: that of the chain, and those where parents turned out to lie. */
export class VolumeFolders {
  readonly #context: ChainContext;
  readonly #budget: RetentionBudget;
  readonly #folders = new Map<string, Promise<Folder>>();
  /** Where the search for a backup that is not in its child's folder has ended. */
  readonly #searches = new Map<string, Promise<Folder>>();
  readonly #objects = new WeakMap<CinderLink, RetainedObjects>();

  constructor(context: ChainContext, retainedMax = retainedObjectsMax) {
    this.#context = context;
    this.#budget = { objectsLeft: retainedMax };
  }

  async open(bucketName: string, prefix: string): Promise<void> {
    await this.#folder(bucketName, prefix);
  }

  /** The newest knowledge of the link at an image path; null where nothing of the format is there. */
  async linkAt(bucketName: string, imagePath: string): Promise<CinderLink | null> {
    const key = parseCinderImagePath(imagePath);
    if (key === null) return null;
    const folder = await this.#folder(bucketName, key.folder);
    const link = folder.links.get(imagePath);
    return link !== undefined && isCinderLink(link) ? link : null;
  }

  /** Lists one link anew, with all its objects. Null where nothing of it is left. */
  async listLinkAgain(link: CinderLink): Promise<CinderLink | null> {
    const folder = await this.#folder(link.bucketName, link.folder);
    const budget = { objectsLeft: Number.POSITIVE_INFINITY };
    const fresh = await this.#listLinks({ bucket: link.bucketName, prefix: link.imagePath }, budget);
    const found = fresh.get(link.imagePath);
    if (found === undefined || !isCinderLink(found)) {
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
    retained.budget.objectsLeft += retained.objects.count;
    this.#objects.delete(link);
  }

  /**
   * Finds a link by its backup's id: in the folder of `child`, in the others that are open, in the folder that it has by
   * default where the child lies in its own, where the catalogue knows it, and at last in the child's folder listed
   * once more. Null where it is nowhere.
   * Throws `StorageError` `access_denied` where it is known to lie in a bucket that may not be listed.
   */
  async findByBackupId(backupId: string, child: CinderLink): Promise<CinderLink | null> {
    const folder = await this.#folder(child.bucketName, child.folder);
    const near = linkOf(folder, backupId);
    if (near !== null) return near;
    const searchKey = JSON.stringify([folder.bucketName, folder.prefix, backupId]);
    const search = this.#searches.get(searchKey) ?? this.#searchElsewhere(backupId, folder, child.defaultRoot);
    this.#searches.set(searchKey, search);
    return linkOf(await search, backupId);
  }

  async #searchElsewhere(backupId: string, home: Folder, defaultRoot: string | null): Promise<Folder> {
    for (const opening of this.#folders.values()) {
      const folder = await opening;
      if (linkOf(folder, backupId) !== null) return folder;
    }
    if (defaultRoot !== null) {
      const folder = await this.#folder(home.bucketName, defaultFolderOf(defaultRoot, backupId));
      if (linkOf(folder, backupId) !== null) return folder;
    }
    const location = await this.#context.locate(backupId);
    if (location !== null && location.storageUnitId === this.#context.storage.id) {
      const folder = await this.#folderOf(location.bucketName, location.imagePath);
      if (folder !== null && linkOf(folder, backupId) !== null) return folder;
    }
    home.secondLook ??= this.#addNewLinks(home);
    await home.secondLook;
    return home;
  }

  async #addNewLinks({ bucketName, prefix, links }: Folder): Promise<void> {
    const fresh = await this.#listLinks({ bucket: bucketName, prefix }, this.#budget);
    for (const [imagePath, link] of fresh) {
      if (links.has(imagePath)) this.releaseObjects(link);
      else links.set(imagePath, link);
    }
  }

  async #folderOf(bucketName: string, imagePath: string): Promise<Folder | null> {
    const key = parseCinderImagePath(imagePath);
    if (key === null) return null;
    try {
      return await this.#folder(bucketName, key.folder);
    } catch (error) {
      // The catalogue's knowledge may be older than the bucket's end.
      if (error instanceof StorageError && error.code === 'bucket_not_found') return null;
      throw error;
    }
  }

  #folder(bucketName: string, prefix: string): Promise<Folder> {
    const folderKey = JSON.stringify([bucketName, prefix]);
    const known = this.#folders.get(folderKey);
    if (known !== undefined) return known;
    const opening = this.#listLinks({ bucket: bucketName, prefix }, this.#budget).then(
      (links): Folder => ({ bucketName, prefix, links, secondLook: null }),
    );
    this.#folders.set(folderKey, opening);
    // A folder that could not be listed is not among those that are open; the caller sees the error.
    opening.catch(() => this.#folders.delete(folderKey));
    return opening;
  }

  async #listLinks(request: ListRequest, budget: RetentionBudget): Promise<Map<string, CinderLink>> {
    const listings = new Map<string, LinkListing>();
    for await (const page of this.#context.storage.list({ ...request, signal: this.#context.signal })) {
      for (const entry of page) {
        const key = parseCinderKey(entry.key);
        if (key === null) continue;
        const listing = listings.get(key.imagePath) ?? new LinkListing(request.bucket, key, budget);
        listings.set(key.imagePath, listing);
        listing.add(key.suffix, entry);
      }
    }
    const links = new Map<string, CinderLink>();
    for (const [imagePath, listing] of listings) {
      const { link, objects } = listing.finish();
      links.set(imagePath, link);
      if (objects !== null) this.#objects.set(link, { objects, budget });
    }
    return links;
  }
}

/** Should an id occur twice in a folder, a copy that is finished serves better than one that is not. */
function linkOf(folder: Folder, backupId: string): CinderLink | null {
  let found: CinderLink | null = null;
  for (const link of folder.links.values()) {
    if (link.backupId !== backupId || !isCinderLink(link)) continue;
    if (link.metadata !== null) return link;
    found ??= link;
  }
  return found;
}
