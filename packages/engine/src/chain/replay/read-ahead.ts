import type { StoredObject, VolumeLink } from '../data.ts';
import { ObjectReader } from './object-reader.ts';
import type { ObjectOpener } from './plain-pieces.ts';
import type { Segment } from './sweep.ts';

/** Maximum number of segments computed ahead. If many come from few objects, no more are needed. */
const segmentsAhead = 1000;

type OpenSegment = { readonly segment: Segment; readonly reader: ObjectReader | null; readonly opened: boolean };

/** Objects opened so far, and their stored bytes. */
export type ReadCount = { objects: number; storedBytes: number };

/**
 * The segments of a volume in order, each with a reader of its bytes. Opens each object once, some of them before
 * they are needed, and reads it to its end even if later links cover parts of it.
 */
export class ReadAhead implements AsyncDisposable {
  readonly count: ReadCount = { objects: 0, storedBytes: 0 };
  readonly #segments: AsyncGenerator<Segment>;
  readonly #opener: ObjectOpener;
  readonly #queue: OpenSegment[] = [];
  /** The last object of each link from which a segment computed so far comes. */
  readonly #newest = new Map<VolumeLink, { readonly object: StoredObject; readonly reader: ObjectReader }>();
  /** The object of each link from which the last returned segment came. */
  readonly #current = new Map<VolumeLink, ObjectReader>();
  readonly #readers = new Set<ObjectReader>();
  /** Opened objects whose first byte has not been needed yet, and their plain bytes. */
  #openedAhead = 0;
  #bytesAhead = 0;
  #ended = false;

  constructor(segments: AsyncGenerator<Segment>, opener: ObjectOpener) {
    this.#segments = segments;
    this.#opener = opener;
  }

  /** Returns null at the end of the volume, after every object was read to its end. Throws read errors. */
  async next(): Promise<Pick<OpenSegment, 'segment' | 'reader'> | null> {
    await this.#fill();
    const next = this.#queue.shift();
    if (next === undefined) {
      for (const link of [...this.#current.keys()]) await this.#finishCurrent(link);
      return null;
    }
    const { segment, reader, opened } = next;
    if (opened && reader !== null && segment.source !== null) {
      const { link, object } = segment.source;
      await this.#finishCurrent(link);
      this.#current.set(link, reader);
      this.#openedAhead -= 1;
      this.#bytesAhead -= object.length;
    }
    return { segment, reader };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.#readers) reader.close();
    await this.#segments.return(undefined);
  }

  async #fill(): Promise<void> {
    const { objectsAhead, bytesAhead } = this.#opener;
    while (
      !this.#ended &&
      this.#queue.length < segmentsAhead &&
      this.#openedAhead < objectsAhead &&
      this.#bytesAhead < bytesAhead
    ) {
      const { done, value } = await this.#segments.next();
      if (done === true) this.#ended = true;
      else this.#queue.push(this.#openSegment(value));
    }
  }

  #openSegment(segment: Segment): OpenSegment {
    if (segment.source === null) return { segment, reader: null, opened: false };
    const { link, object } = segment.source;
    const newest = this.#newest.get(link);
    if (newest?.object === object) return { segment, reader: newest.reader, opened: false };
    const reader = new ObjectReader(this.#opener.open(link, object), object.offset);
    this.#readers.add(reader);
    this.#newest.set(link, { object, reader });
    this.#openedAhead += 1;
    this.#bytesAhead += object.length;
    this.count.objects += 1;
    this.count.storedBytes += object.storedBytes;
    return { segment, reader, opened: true };
  }

  async #finishCurrent(link: VolumeLink): Promise<void> {
    const reader = this.#current.get(link);
    if (reader === undefined) return;
    await reader.finish();
    this.#current.delete(link);
    this.#readers.delete(reader);
  }
}
