/**
 * Which clusters of an image are used, two bits each. A cluster that one entry claims for itself must not be used by
 * another. Entries that do not claim it may share it, since snapshots inside an image do so, and compressed data is
 * packed.
 */
export class UsedClusters {
  readonly #clusterBytes: number;
  readonly #used: Uint8Array;
  readonly #claimed: Uint8Array;

  constructor(imageBytes: number, clusterBytes: number) {
    this.#clusterBytes = clusterBytes;
    const bytes = Math.ceil(Math.ceil(imageBytes / clusterBytes) / 8);
    this.#used = new Uint8Array(bytes);
    this.#claimed = new Uint8Array(bytes);
  }

  /**
   * Adds the clusters of a range of the image. Returns false if another entry claims one of them, or if this one claims
   * a cluster that is used. What is beyond the image is ignored.
   */
  add(start: number, end: number, isClaimed: boolean): boolean {
    let isRight = true;
    const last = Math.ceil(end / this.#clusterBytes);
    for (let cluster = Math.floor(start / this.#clusterBytes); cluster < last; cluster += 1) {
      const [at, bit] = [Math.floor(cluster / 8), 1 << (cluster % 8)];
      const used = this.#used[at];
      if (used === undefined) break;
      const claimed = this.#claimed[at] ?? 0;
      isRight &&= (claimed & bit) === 0 && !(isClaimed && (used & bit) !== 0);
      this.#used[at] = used | bit;
      if (isClaimed) this.#claimed[at] = claimed | bit;
    }
    return isRight;
  }
}
