import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes.ts';

/**
 * Random draws that are the same for the same seed. Each client of a round has its own, since the order among clients
 * differs from run to run.
 */
export class Draws {
  readonly #seed: string;
  #count = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** Returns a whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    const bytes = Buffer.from(seededBytes(`${this.#seed}/${this.#count}`, 4));
    this.#count += 1;
    return least + (bytes.readUInt32BE() % (most - least + 1));
  }

  /** Returns one of the items. Throws if there are none. */
  oneOf<Item>(items: readonly Item[]): Item {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new Error('there is nothing to draw from');
    return item;
  }

  shuffled<Item>(items: readonly Item[]): Item[] {
    const left = [...items];
    return items.flatMap(() => left.splice(this.integer(0, left.length - 1), 1));
  }
}
