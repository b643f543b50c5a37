import type { PathListing } from '../../path-listings.ts';
import { type PackageSet, readPackageSet } from './package-set.ts';
import type { PackageContext } from './stored-package.ts';

/** Reads the packages of a listing once, for the proof and for the levels that read data. Keeps those read last. */
export class PackageReadings {
  readonly #context: PackageContext;
  #last: { readonly digest: string; readonly set: Promise<PackageSet> } | null = null;

  constructor(context: PackageContext) {
    this.#context = context;
  }

  /** Throws as `readPackageSet` does. A failure is not kept. */
  async read(place: PathListing): Promise<PackageSet> {
    const { digest } = place.listing;
    const set = this.#last?.digest === digest ? this.#last.set : readPackageSet(this.#context, place);
    this.#last = { digest, set };
    try {
      return await set;
    } catch (error) {
      this.#last = null;
      throw error;
    }
  }
}
