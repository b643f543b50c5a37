import type { StoredObject, VolumeData, VolumeLink, ZeroRun } from '../data.ts';

/** A run of the volume's bytes, with the object of the last link that stores them. */
export type Segment = {
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
  /** Null if no link stores these bytes. */
  readonly source: SegmentSource | null;
  /** Whether the last link that says anything about these bytes declares them to be zeros. */
  readonly areZeros: boolean;
};

export type SegmentSource = { readonly link: VolumeLink; readonly object: StoredObject };

/**
 * Yields the segments of the leaf's volume, in order and without gaps: for each run of bytes, the last link that stores
 * it. Walks the objects of all links in parallel, so memory does not grow with the volume.
 *
 * Objects of one link must not overlap, which level `content` proves. Throws the errors of reading the metadata.
 */
export async function* sweepChain({ links }: VolumeData): AsyncGenerator<Segment> {
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

/** If a later volume is shorter, the bytes beyond its end are gone, even if the volume after it is longer again. */
function visibleEnd(links: readonly VolumeLink[], index: number): number {
  return Math.min(...links.slice(index).map(({ volumeBytes }) => volumeBytes));
}

function nextSegment(cursors: readonly ObjectCursor[], start: number, volumeBytes: number): Segment {
  let end = volumeBytes;
  for (const cursor of cursors.toReversed()) {
    const { object } = cursor;
    if (object === null) continue;
    if (object.offset <= start) {
      const areZeros = object.key === null;
      const source = areZeros ? null : { link: cursor.link, object };
      return { start, end: Math.min(end, cursor.end), source, areZeros };
    }
    // An object of a later link covers one of an earlier link from its own start on.
    end = Math.min(end, object.offset);
  }
  return { start, end, source: null, areZeros: false };
}

class ObjectCursor {
  readonly link: VolumeLink;
  readonly #visibleEnd: number;
  readonly #batches: AsyncIterator<readonly (StoredObject | ZeroRun)[]>;
  #batch: readonly (StoredObject | ZeroRun)[] = [];
  #next = 0;
  /** The first object that ends after the position of the sweep; null after the last object. */
  object: StoredObject | ZeroRun | null = null;
  #ended = false;

  constructor(link: VolumeLink, visibleEnd: number) {
    this.link = link;
    this.#visibleEnd = visibleEnd;
    this.#batches = link.objects()[Symbol.asyncIterator]();
  }

  /** End of the visible part of the object. */
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

  async #take(): Promise<StoredObject | ZeroRun | null> {
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
