import { matchPathTemplate, type PathTemplate, type TemplateMatch } from '@backup-sync/contracts';
import { ListingDigest } from '../chain/listing-digest.ts';
import { isMinioFile, isMinioPart } from '../chain/minio-layout.ts';
import type { Listing } from '../chain/proof/link.ts';
import type { ObjectEntry } from '../storage/port.ts';

/** Names of files that programs leave in a folder along with the real content. */
const byproductNames: ReadonlySet<string> = new Set([
  '.keep',
  '.gitkeep',
  '.DS_Store',
  'Thumbs.db',
  'desktop.ini',
  '_SUCCESS',
]);
const logPattern = /\.log(?:\.gz)?$/;
/** Files kept at once that are backups by themselves if their groups are dropped. */
const keptMax = 10_000;

/** All objects at or below one image path. */
export type TemplateGroup = {
  readonly imagePath: string;
  readonly values: TemplateMatch;
  readonly listing: Listing;
  /** False if there are only logs, empty objects and similar files: see {@link isByproduct}. */
  readonly hasContent: boolean;
};

type OpenGroup = {
  readonly imagePath: string;
  readonly values: TemplateMatch;
  readonly digest: ListingDigest;
  hasContent: boolean;
  /** It has only files of MinIO's disk layout. */
  isMinioAlone: boolean;
  /** Its files that are backups by themselves if it is dropped. Null if they are too many: then it is never dropped. */
  kept: ObjectEntry[] | null;
  /** It has part of a backup in a known format. It stays open, so that its other objects are not grouped again. */
  isDropped: boolean;
};

/**
 * Groups objects by the image paths that a template gives them, in a listing that is read in the order of its keys.
 * Only groups whose image paths are prefixes of each other are open at the same time: `a/b` stays open while `a/b-x/…`
 * passes, since `a/b/…` comes after it.
 */
export class TemplateGroups {
  readonly #template: PathTemplate;
  readonly #prefix: string;
  #open: OpenGroup[] = [];

  /** Leaves out groups that begin before `prefix`: they are not listed completely. */
  constructor(template: PathTemplate, prefix: string) {
    this.#template = template;
    this.#prefix = prefix;
  }

  /** Returns the groups that are complete when the listing has reached this key. */
  endBefore(key: string): readonly TemplateGroup[] {
    return this.#finish((group) => !key.startsWith(group.imagePath));
  }

  /** Whether the group of this key is a folder above this image path, and was not dropped. */
  hasBelow(key: string, imagePath: string): boolean {
    const match = this.#match(key);
    if (match === null || !imagePath.startsWith(`${match.imagePath}/`)) return false;
    return this.#find(match.imagePath)?.isDropped !== true;
  }

  /** Takes the next object. `isBackup` says that it is a backup by itself if its group is dropped. */
  add(entry: ObjectEntry, isBackup = false): void {
    const match = this.#match(entry.key);
    if (match === null) return;
    const group = this.#find(match.imagePath) ?? this.#begin(match);
    if (group.isDropped) return;
    group.hasContent ||= !isByproduct(entry.key, entry.size);
    const hasEtag = entry.etag !== null;
    group.isMinioAlone &&= isMinioFile(entry.key, hasEtag) || isMinioPart(entry.key, hasEtag);
    group.digest.add(entry.key.slice(group.imagePath.length), entry);
    if (!isBackup) return;
    const count = this.#open.reduce((sum, { kept }) => sum + (kept?.length ?? 0), 0);
    if (count < keptMax) group.kept?.push(entry);
    else group.kept = null;
  }

  /**
   * Drops the group of this key, which is part of a backup in a known format. Returns the files of the group that are
   * backups by themselves.
   */
  drop(key: string): readonly ObjectEntry[] {
    const match = this.#match(key);
    if (match === null) return [];
    const group = this.#find(match.imagePath) ?? this.#begin(match);
    if (group.kept === null) return [];
    group.isDropped = true;
    return group.kept.splice(0);
  }

  /** Returns the remaining groups. Call it at the end of the listing. */
  end(): readonly TemplateGroup[] {
    return this.#finish(() => true);
  }

  /** What the template finds in a key; null if nothing, or if the group begins before the prefix. */
  #match(key: string): ReturnType<typeof matchPathTemplate> {
    const match = matchPathTemplate(this.#template, key);
    return match?.imagePath.startsWith(this.#prefix) ? match : null;
  }

  #find(path: string): OpenGroup | undefined {
    return this.#open.find(({ imagePath }) => imagePath === path);
  }

  #begin(match: Pick<OpenGroup, 'imagePath' | 'values'>): OpenGroup {
    const empty = { hasContent: false, isMinioAlone: true, kept: [], isDropped: false };
    const group = { ...match, digest: new ListingDigest(), ...empty };
    this.#open.push(group);
    return group;
  }

  #finish(isWhole: (group: OpenGroup) => boolean): readonly TemplateGroup[] {
    if (this.#open.length === 0) return [];
    const whole = this.#open.filter(isWhole);
    if (whole.length === 0) return [];
    this.#open = this.#open.filter((group) => !isWhole(group));
    return whole
      .filter(({ isMinioAlone, isDropped }) => !isMinioAlone && !isDropped)
      .map(({ imagePath, values, digest, hasContent }) => ({
        imagePath,
        values,
        hasContent,
        listing: digest.finish(),
      }));
  }
}

/**
 * Whether an object is not content of a backup: it is empty, such as a folder marker, or a log, or a file that a file
 * manager or job leaves behind. A folder with nothing else in it is not a backup.
 */
function isByproduct(key: string, size: number): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return size === 0 || byproductNames.has(name) || logPattern.test(name);
}
