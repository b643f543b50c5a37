import { type BlockRuns, ChangedBlocks } from './block-runs.ts';
import type { HashFileHeader, HashList } from './hash-file.ts';

export type HashComparison = {
  readonly child: HashFileHeader;
  readonly parent: HashFileHeader;
  /** Blocks of the child whose hash differs from the parent's. Ignores the parent's blocks beyond the child's end. */
  readonly changed: BlockRuns;
};

/** One of the two lists could not be read. The cause says why. */
export class HashListError extends Error {
  override readonly name = 'HashListError';
  readonly side: 'child' | 'parent';

  constructor(side: 'child' | 'parent', cause: unknown) {
    super(`the block hashes of the ${side} cannot be read`, { cause });
    this.side = side;
  }
}

/**
 * Compares two hash lists in constant memory. Reads both to their end, because the part after the hashes must be valid
 * too. Stops recording runs of changed blocks after `runsMax` + 1. Throws {@link HashListError}.
 */
export async function compareHashLists(child: HashList, parent: HashList, runsMax: number): Promise<HashComparison> {
  const changed = new ChangedBlocks(runsMax);
  const childCursor = new HashCursor('child', child);
  const parentCursor = new HashCursor('parent', parent);
  try {
    while (true) {
      const length = Math.min(await childCursor.fill(), await parentCursor.fill());
      if (length === 0) break;
      changed.compare(childCursor.take(length), parentCursor.take(length));
    }
    const headers = { child: await childCursor.finish(), parent: await parentCursor.finish() };
    return { ...headers, changed: changed.runs };
  } finally {
    await childCursor.close();
    await parentCursor.close();
  }
}

/** Reads one hash list to its end and returns its header. Throws {@link HashListError}. */
export async function readHashHeader(list: HashList): Promise<HashFileHeader> {
  const cursor = new HashCursor('child', list);
  try {
    return await cursor.finish();
  } finally {
    await cursor.close();
  }
}

class HashCursor {
  readonly #side: 'child' | 'parent';
  readonly #list: HashList;
  #rest: Uint8Array = new Uint8Array();
  #header: HashFileHeader | null = null;

  constructor(side: 'child' | 'parent', list: HashList) {
    this.#side = side;
    this.#list = list;
  }

  /** Makes sure that hashes are available and returns their bytes; 0 at the end of the list. */
  async fill(): Promise<number> {
    if (this.#rest.length === 0 && this.#header === null) await this.#advance();
    return this.#rest.length;
  }

  take(length: number): Uint8Array {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  async finish(): Promise<HashFileHeader> {
    while (this.#header === null) await this.#advance();
    return this.#header;
  }

  async close(): Promise<void> {
    await this.#list.return();
  }

  async #advance(): Promise<void> {
    try {
      const step = await this.#list.next();
      if (step.done === true) throw new TypeError('a hash list ends with its header');
      if (step.value instanceof Uint8Array) this.#rest = step.value;
      else this.#header = step.value;
    } catch (error) {
      throw new HashListError(this.#side, error);
    }
  }
}
