import { StorageError } from '../../../storage/port.ts';
import type { Location } from '../../proof/link.ts';

type Folder = { readonly bucketName: string; readonly prefix: string };

/** The known places of a parent outside the child's folder, each examined once. */
export class KnownPlaces {
  readonly #storageUnitId: string;
  readonly #home: Folder;
  readonly #seen = new Set<string>();
  #denied: StorageError | null = null;

  constructor(storageUnitId: string, home: Folder) {
    this.#storageUnitId = storageUnitId;
    this.#home = home;
  }

  /** Those of these places that are outside the child's folder and were not returned before. */
  *elsewhere(locations: readonly Location[]): Generator<Location> {
    for (const location of locations) {
      const { storageUnitId, bucketName, imagePath } = location;
      const name = JSON.stringify([bucketName, imagePath]);
      const isAtHome = bucketName === this.#home.bucketName && imagePath.startsWith(this.#home.prefix);
      if (storageUnitId !== this.#storageUnitId || isAtHome || this.#seen.has(name)) continue;
      this.#seen.add(name);
      yield location;
    }
  }

  /** Runs a look at a place. Null if its bucket may not be listed: the parent may still be found elsewhere. */
  async unlessDenied<Answer>(look: () => Promise<Answer | null>): Promise<Answer | null> {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'access_denied') throw error;
      this.#denied ??= error;
      return null;
    }
  }

  throwIfDenied(): void {
    if (this.#denied !== null) throw this.#denied;
  }
}
