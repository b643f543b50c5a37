import type { FrameCompression, StoredObject, ZeroRun } from '../data.ts';
import type { ImageSource } from './image-source.ts';

/** A run of a disk's bytes, as the tables of an image place it. */
export type ImageRun = {
  /** Where it begins in the disk. */
  readonly offset: number;
  /** Number of bytes in the disk. */
  readonly length: number;
} & (
  | {
      readonly kind: 'stored';
      /** Where it begins in the image. */
      readonly at: number;
    }
  | {
      /** One compressed frame, and anything after it up to `end`. */
      readonly kind: 'frame';
      readonly at: number;
      readonly end: number;
    }
  | { readonly kind: 'zeros' }
);

/** The compressed frames of an image. */
export type FrameForm = { readonly compression: FrameCompression; readonly plainBytes: number };

/** Maximum number of bytes of a disk that an object covers, so that several can be read at a time. */
const plainBytesMax = 8 * 1024 * 1024;
/** Maximum number of stored bytes with frames that are read at once, unless one frame alone has more. */
const frameBytesMax = 4 * 1024 * 1024;

/**
 * Joins the runs of an image to few objects, each of which is read with one request: runs that follow each other in the
 * disk and in the image, and frames that follow each other in the disk and are near each other in the image. Runs must
 * be in the order of the disk, and inside the image.
 */
export async function* joinRuns(
  source: ImageSource,
  form: FrameForm | null,
  batches: AsyncIterable<Iterable<ImageRun>>,
): AsyncGenerator<readonly (StoredObject | ZeroRun)[]> {
  let open: OpenRun | null = null;
  for await (const batch of batches) {
    const closed: (StoredObject | ZeroRun)[] = [];
    for (const whole of batch) {
      for (const run of piecesOf(whole)) {
        if (open !== null && add(open, run)) continue;
        if (open !== null) closed.push(close(source, form, open));
        open = begin(run);
      }
    }
    if (closed.length > 0) yield closed;
  }
  if (open !== null) yield [close(source, form, open)];
}

/** Runs that are joined so far. */
type OpenRun = {
  readonly kind: ImageRun['kind'];
  readonly offset: number;
  length: number;
  /** First byte, and the byte after the last, in the image. */
  start: number;
  end: number;
  /** Start and end of each frame in the image, in turn. */
  readonly places: number[];
};

/** An extent may be a single run of any size. */
function* piecesOf(run: ImageRun): Generator<ImageRun> {
  if (run.kind !== 'stored' || run.length <= plainBytesMax) {
    yield run;
    return;
  }
  for (let from = 0; from < run.length; from += plainBytesMax) {
    const length = Math.min(plainBytesMax, run.length - from);
    yield { kind: 'stored', offset: run.offset + from, length, at: run.at + from };
  }
}

function begin(run: ImageRun): OpenRun {
  const { kind, offset, length } = run;
  if (run.kind === 'zeros') return { kind, offset, length, start: 0, end: 0, places: [] };
  const end = run.kind === 'frame' ? run.end : run.at + length;
  return { kind, offset, length, start: run.at, end, places: run.kind === 'frame' ? [run.at, end] : [] };
}

/** Adds a run if it continues those before it. */
function add(open: OpenRun, run: ImageRun): boolean {
  if (run.kind !== open.kind || run.offset !== open.offset + open.length) return false;
  if (run.kind === 'zeros') {
    open.length += run.length;
    return true;
  }
  if (open.length + run.length > plainBytesMax) return false;
  if (run.kind === 'stored') {
    if (run.at !== open.end) return false;
    open.end += run.length;
  } else {
    const [start, end] = [Math.min(open.start, run.at), Math.max(open.end, run.end)];
    if (end - start > frameBytesMax) return false;
    Object.assign(open, { start, end });
    open.places.push(run.at, run.end);
  }
  open.length += run.length;
  return true;
}

function close({ entry, start: before }: ImageSource, form: FrameForm | null, open: OpenRun): StoredObject | ZeroRun {
  const { kind, offset, length, start, end, places } = open;
  if (kind === 'zeros') return { key: null, offset, length };
  const { key, etag, size: objectBytes, modifiedAtMs } = entry;
  const stored: StoredObject = {
    ...{ key, etag, storedBytes: end - start, part: { start: before + start, objectBytes, modifiedAtMs } },
    ...{ offset, length, compression: 'none', plainDigest: null, storedDigest: null },
  };
  if (kind === 'stored') return stored;
  if (form === null) throw new TypeError('an image with frames says how they are compressed');
  return { ...stored, frames: { ...form, places: Uint32Array.from(places, (place) => place - start) } };
}
