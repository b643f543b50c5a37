import type { ChainData, LinkData, StoredObject } from '../data.ts';

/** A run of the volume's bytes, and the object that has them last; null where no link stores them. */
export type Segment = {
  readonly start: number;
  /** The byte behind the last. */
  readonly end: number;
  readonly source: SegmentSource | null;
};

export type SegmentSource = { readonly link: LinkData; readonly object: StoredObject };

/**
 * What the leaf's volume is made of, in order and without a gap, up to its end: for each run of bytes the last link
 * that stores it. Walks the links' objects side by side: memory does not grow with the volume.
 *
 * Links must not overlap within themselves, which level `content` proves. Throws what reading the metadata throws.
 */
export async function* sweepChain({ links }: ChainData): AsyncGenerator<Segment> {
  const volumeBytes = links.at(-1)?.volumeBytes ?? 0;
  const cursors = links.map((link, index) => new ObjectCursor(link, visibleEnd(links, index)));
  try {
    let start = 0;
    while (start < volumeBytes) {
      for (const cursor of cursors) await cursor.advanceTo(start);
      const segment = nextSegment(cursors, start, volumeBytes);
      yield segment;
      start = segment.end;
    }
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

/** What lay behind the end of a later volume is gone, even where a still later one is longer again. */
function visibleEnd(links: readonly LinkData[], index: number): number {
  return Math.min(...links.slice(index).map(({ volumeBytes }) => volumeBytes));
}

function nextSegment(cursors: readonly ObjectCursor[], start: number, volumeBytes: number): Segment {
  let end = volumeBytes;
  for (const cursor of cursors.toReversed()) {
    const { object } = cursor;
    if (object === null) continue;
    if (object.offset <= start) {
      return { start, end: Math.min(end, cursor.end), source: { link: cursor.link, object } };
    }
    // Where a later link's object begins, an earlier one's is covered.
    end = Math.min(end, object.offset);
  }
  return { start, end, source: null };
}

class ObjectCursor {
  readonly link: LinkData;
  readonly #visibleEnd: number;
  readonly #batches: AsyncIterator<readonly StoredObject[]>;
  #batch: readonly StoredObject[] = [];
  #next = 0;
  /** The first object that ends behind the place of the sweep; null behind the last. */
  object: StoredObject | null = null;
  #ended = false;

  constructor(link: LinkData, visibleEnd: number) {
    this.link = link;
    this.#visibleEnd = visibleEnd;
    this.#batches = link.objects()[Symbol.asyncIterator]();
  }

  /** Where the part of the object that still counts ends. */
  get end(): number {
    return this.object === null ? 0 : Math.min(this.object.offset + this.object.length, this.#visibleEnd);
  }

  async advanceTo(start: number): Promise<void> {
    while (!this.#ended && (this.object === null || this.end <= start)) {
      this.object = await this.#take();
      if (this.object === null || this.object.offset >= this.#visibleEnd) {
        this.object = null;
        this.#ended = true;
      }
    }
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  async #take(): Promise<StoredObject | null> {
    while (this.#next === this.#batch.length) {
      const { done, value } = await this.#batches.next();
      if (done === true) return null;
      this.#batch = value;
      this.#next = 0;
    }
    this.#next += 1;
    return this.#batch[this.#next - 1] ?? null;
  }
}
