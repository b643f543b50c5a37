import type { LinkData, StoredObject } from '../data.ts';
import { ObjectReader } from './object-reader.ts';
import type { Segment } from './sweep.ts';

/** Objects opened before their first byte is needed: a few MiB each, whatever their size. */
const objectsAhead = 8;
/** Segments known in advance: more need not be, where many come from few objects. */
const segmentsAhead = 1000;

type OpenSegment = { readonly segment: Segment; readonly reader: ObjectReader | null; readonly opened: boolean };

/** Starts to read an object's plain bytes. */
type OpenObject = (link: LinkData, object: StoredObject) => AsyncIterable<Uint8Array>;

/** What has been read from storage so far. */
export type ReadCount = { objects: number; storedBytes: number };

/**
 * The segments of a volume in order, each with the reader that has its bytes. Each object is opened once, some ahead of
 * their need, and read to its end, though parts of it be covered by later links.
 */
export class ReadAhead implements AsyncDisposable {
  readonly count: ReadCount = { objects: 0, storedBytes: 0 };
  readonly #segments: AsyncGenerator<Segment>;
  readonly #open: OpenObject;
  readonly #queue: OpenSegment[] = [];
  /** The newest object of each link that a segment known so far comes from. */
  readonly #newest = new Map<LinkData, { readonly object: StoredObject; readonly reader: ObjectReader }>();
  /** The object of each link that segments already handed out came from last. */
  readonly #current = new Map<LinkData, ObjectReader>();
  readonly #readers = new Set<ObjectReader>();
  #openedAhead = 0;
  #ended = false;

  constructor(segments: AsyncGenerator<Segment>, open: OpenObject) {
    this.#segments = segments;
    this.#open = open;
  }

  /** Null at the volume's end, when every object has been read to its own. Throws what reading throws. */
  async next(): Promise<Pick<OpenSegment, 'segment' | 'reader'> | null> {
    await this.#fill();
    const next = this.#queue.shift();
    if (next === undefined) {
      for (const link of [...this.#current.keys()]) await this.#finishCurrent(link);
      return null;
    }
    const { segment, reader, opened } = next;
    if (opened && reader !== null && segment.source !== null) {
      const { link } = segment.source;
      await this.#finishCurrent(link);
      this.#current.set(link, reader);
      this.#openedAhead -= 1;
    }
    return { segment, reader };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.#readers) reader.close();
    await this.#segments.return(undefined);
  }

  async #fill(): Promise<void> {
    while (!this.#ended && this.#queue.length < segmentsAhead && this.#openedAhead < objectsAhead) {
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
    const reader = new ObjectReader(this.#open(link, object), object.offset);
    this.#readers.add(reader);
    this.#newest.set(link, { object, reader });
    this.#openedAhead += 1;
    this.count.objects += 1;
    this.count.storedBytes += object.storedBytes;
    return { segment, reader, opened: true };
  }

  async #finishCurrent(link: LinkData): Promise<void> {
    const reader = this.#current.get(link);
    if (reader === undefined) return;
    await reader.finish();
    this.#current.delete(link);
    this.#readers.delete(reader);
  }
}
