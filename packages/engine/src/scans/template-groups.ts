import { matchPathTemplate, type PathTemplate, type TemplateMatch } from '@backup-sync/contracts';
import { ListingDigest } from '../chain/listing-digest.ts';
import { isMinioFile, isMinioPart } from '../chain/minio-layout.ts';
import type { Listing } from '../chain/proof/link.ts';
import type { ObjectEntry } from '../storage/port.ts';

/** Names of files that programs leave in a folder beside what they are there for. */
const byproductNames: ReadonlySet<string> = new Set([
  '.keep',
  '.gitkeep',
  '.DS_Store',
  'Thumbs.db',
  'desktop.ini',
  '_SUCCESS',
]);
const logPattern = /\.log(?:\.gz)?$/;

/** Objects that lie at or below one image path, listed whole. */
export type TemplateGroup = {
  readonly imagePath: string;
  readonly values: TemplateMatch;
  readonly listing: Listing;
  /** False if there are only logs, empty objects and the like: see {@link isByproduct}. */
  readonly hasContent: boolean;
};

type OpenGroup = {
  readonly imagePath: string;
  readonly values: TemplateMatch;
  readonly digest: ListingDigest;
  hasContent: boolean;
  /** It has nothing but files of MinIO's disk layout. */
  isMinioAlone: boolean;
};

/**
 * Gathers objects by the image paths that a template gives them, while a listing streams by in the order of its keys.
 * Open at a time are only groups whose image paths begin one another: `a/b` stays open while `a/b-x/…` passes, since
 * `a/b/…` comes after it.
 */
export class TemplateGroups {
  readonly #template: PathTemplate;
  readonly #prefix: string;
  #open: OpenGroup[] = [];
  /** The image path, with a slash, that was last found to be another format's. */
  #dropped: string | null = null;

  /** Groups that begin before `prefix`, and are thus not listed whole, are left out. */
  constructor(template: PathTemplate, prefix: string) {
    this.#template = template;
    this.#prefix = prefix;
  }

  /** The listing has come to this key: gives the groups that are whole now. */
  endBefore(key: string): readonly TemplateGroup[] {
    return this.#finish((group) => !key.startsWith(group.imagePath));
  }

  /** Takes the next object. */
  add(entry: ObjectEntry): void {
    const match = matchPathTemplate(this.#template, entry.key);
    if (match === null || !match.imagePath.startsWith(this.#prefix)) return;
    if (this.#dropped !== null && entry.key.startsWith(this.#dropped)) return;
    let group = this.#open.find(({ imagePath }) => imagePath === match.imagePath);
    if (group === undefined) {
      group = { ...match, digest: new ListingDigest(), hasContent: false, isMinioAlone: true };
      this.#open.push(group);
    }
    group.hasContent ||= !isByproduct(entry.key, entry.size);
    const hasEtag = entry.etag !== null;
    group.isMinioAlone &&= isMinioFile(entry.key, hasEtag) || isMinioPart(entry.key, hasEtag);
    group.digest.add(entry.key.slice(group.imagePath.length), entry);
  }

  /** The key is a commit mark of a known format: what has its image path is no unknown backup. */
  drop(key: string): void {
    const match = matchPathTemplate(this.#template, key);
    if (match === null) return;
    this.#dropped = `${match.imagePath}/`;
    this.#open = this.#open.filter(({ imagePath }) => imagePath !== match.imagePath);
  }

  /** The listing is at its end. */
  end(): readonly TemplateGroup[] {
    return this.#finish(() => true);
  }

  #finish(isWhole: (group: OpenGroup) => boolean): readonly TemplateGroup[] {
    if (this.#open.length === 0) return [];
    const whole = this.#open.filter(isWhole);
    if (whole.length === 0) return [];
    this.#open = this.#open.filter((group) => !isWhole(group));
    return whole
      .filter(({ isMinioAlone }) => !isMinioAlone)
      .map(({ imagePath, values, digest, hasContent }) => ({
        imagePath,
        values,
        hasContent,
        listing: digest.finish(),
      }));
  }
}

/**
 * Whether an object is no part of what a backup holds: it is empty, such as a folder marker, or a log, or a file that a
 * file manager or job leaves behind. A folder with nothing else in it is no backup.
 */
function isByproduct(key: string, size: number): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return size === 0 || byproductNames.has(name) || logPattern.test(name);
}
