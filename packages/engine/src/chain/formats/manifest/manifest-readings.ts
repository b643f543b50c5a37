import type { ChainContext } from '../../chain-context.ts';
import { placeOf } from '../../proof/proved-link.ts';
import { type ManifestPlace, type PlaceReading, readPlace } from './manifest-link.ts';

/** Maximum number of objects of a manifest that is kept whole after its proof: some 10 MB. */
const keptObjectsMax = 100_000;

/** The manifests of a run, each read once. */
export class ManifestReadings {
  readonly #context: ChainContext;
  readonly #readings = new Map<string, Promise<PlaceReading>>();

  constructor(context: ChainContext) {
    this.#context = context;
  }

  /** Reads what the proof of a link needs. Throws storage errors. */
  read(place: ManifestPlace): Promise<PlaceReading> {
    const key = keyOf(place);
    const reading = this.#readings.get(key) ?? readPlace(this.#context, place, !isLarge(place));
    this.#readings.set(key, reading);
    return reading;
  }

  /** Reads a manifest with everything that its data is compared with. A large one kept for its proof lacks that. */
  readWhole(place: ManifestPlace): Promise<PlaceReading> {
    return isLarge(place) ? readPlace(this.#context, place, true) : this.read(place);
  }

  /** Releases a manifest with many objects once it is proved. If a child is proved later, it is read again. */
  async release(place: ManifestPlace): Promise<void> {
    const reading = await this.#readings.get(keyOf(place));
    if (reading?.kind === 'link' && isLarge(place)) this.#readings.delete(keyOf(place));
  }
}

function isLarge({ listing }: ManifestPlace): boolean {
  return listing.objectCount > keptObjectsMax;
}

function keyOf(place: ManifestPlace): string {
  return JSON.stringify([placeOf(place), place.listing.digest]);
}
