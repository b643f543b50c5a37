import type { FormatContext } from '../../format.ts';
import { isMinioFile } from '../../minio-layout.ts';

/** Maximum number of image paths that a refusal names. */
const namedMax = 3;

const minioSystemFolder = '/.minio.sys/';

/** A folder on the way to the current key. */
type OpenFolder = {
  /** Relative to the image path, with "/" at the end; empty for the image path itself. */
  readonly path: string;
  /** Number of bytes in it that have no known owner yet. */
  bytes: number;
  owner: 'backup' | 'minio' | null;
};

/**
 * Counts the bytes below an image path by owner: backups of known formats, MinIO's disk layout, and everything else.
 * Takes the objects in the order of their keys, and keeps only the folders on the way to the current one.
 */
export class PlaceOutline {
  readonly #imagePath: string;
  readonly #findOwner: FormatContext['findOwner'];
  readonly #folders: OpenFolder[] = [{ path: '', bytes: 0, owner: null }];
  readonly #bytes = { backup: 0, minio: 0, other: 0 };
  readonly #exact: string[] = [];
  /** The folder of a backup that an object next to it has shown. */
  #shownFolder: string | null = null;
  #pattern: string | null = null;
  #hasMore = false;
  #hasMinioSystem = false;

  constructor(imagePath: string, findOwner: FormatContext['findOwner']) {
    this.#imagePath = imagePath;
    this.#findOwner = findOwner;
  }

  /** Adds an object. `relativeKey` is empty for the object at the image path itself. Only directories have no ETags. */
  add(relativeKey: string, size: number, hasEtag: boolean): void {
    const folder = this.#enter(relativeKey);
    this.#hasMinioSystem ||= `/${relativeKey}`.includes(minioSystemFolder);
    const owner = relativeKey === '' ? null : this.#findOwner(`${this.#imagePath}/${relativeKey}`);
    if (owner !== null && owner.isOfPlainFiles !== true && owner.imagePath !== this.#imagePath) {
      this.#note(owner);
      const ownFolder = `${owner.imagePath.slice(this.#imagePath.length + 1)}/`;
      const whole = this.#folders.find(({ path }) => path === ownFolder);
      if (whole === undefined) {
        this.#bytes.backup += size;
        if (owner.isExact) this.#shownFolder = ownFolder;
      } else {
        whole.owner = 'backup';
        whole.bytes += size;
      }
      return;
    }
    if (isMinioFile(`/${relativeKey}`, hasEtag)) folder.owner ??= 'minio';
    folder.bytes += size;
  }

  /** The owner of most of the bytes; null if that is neither a known backup nor MinIO. */
  finish(): 'backup' | 'minio' | null {
    while (this.#folders.length > 0) this.#leave();
    const { backup, minio, other } = this.#bytes;
    // If a whole MinIO disk is below the image path, it is a backup of that disk.
    if (minio > backup + other) return this.#hasMinioSystem ? null : 'minio';
    return backup > minio + other ? 'backup' : null;
  }

  /** Image paths of the backups that were found: at most three, the first in the order of keys. */
  get imagePaths(): readonly string[] {
    return this.#exact.length > 0 || this.#pattern === null ? this.#exact : [this.#pattern];
  }

  /** Whether there are more backups than those. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  #note({ imagePath, isExact }: { readonly imagePath: string; readonly isExact: boolean }): void {
    if (!isExact) this.#pattern ??= imagePath;
    else if (!this.#exact.includes(imagePath)) {
      if (this.#exact.length < namedMax) this.#exact.push(imagePath);
      else this.#hasMore = true;
    }
  }

  #enter(relativeKey: string): OpenFolder {
    let top = this.#folders.at(-1);
    while (top !== undefined && !relativeKey.startsWith(top.path)) {
      this.#leave();
      top = this.#folders.at(-1);
    }
    if (top === undefined) throw new TypeError('every key begins with the empty path');
    for (let slash = relativeKey.indexOf('/', top.path.length); slash !== -1; ) {
      const path = relativeKey.slice(0, slash + 1);
      top = { path, bytes: 0, owner: path === this.#shownFolder ? 'backup' : null };
      this.#folders.push(top);
      slash = relativeKey.indexOf('/', slash + 1);
    }
    return top;
  }

  #leave(): void {
    const left = this.#folders.pop();
    const above = this.#folders.at(-1);
    if (left === undefined) return;
    if (left.owner === null && above !== undefined) above.bytes += left.bytes;
    else this.#bytes[left.owner ?? 'other'] += left.bytes;
  }
}
