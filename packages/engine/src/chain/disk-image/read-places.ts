import type { BucketContext } from '../chain-context.ts';
import { type ImageSource, readImageRange } from './image-source.ts';

/** Bytes of an image from `start` to `end`, exclusive. */
type Place = { readonly start: number; readonly end: number };

/** Places that are read with one request. */
type Run = { readonly start: number; end: number; readonly places: Place[] };

/** Places closer to each other than this are read with one request. */
const gapBytesMax = 64 * 1024;
/** Maximum number of bytes that are read with one request, unless one place alone has more. */
const runBytesMax = 1024 * 1024;
const runsAtOnce = 8;

/**
 * Yields the bytes of places in an image, such as tables, in the given order. Reads places that follow each other with
 * one request, and makes some requests at a time. Throws `ReadFault`, and storage errors.
 */
export async function* readPlaces(
  context: BucketContext,
  source: ImageSource,
  places: Iterable<Place>,
): AsyncGenerator<Uint8Array> {
  const runs = runsOf(places);
  const reads: Promise<{ readonly run: Run; readonly bytes: Uint8Array }>[] = [];
  const ask = () => {
    const { value: run } = runs.next();
    if (run === undefined) return;
    const asked = readImageRange(context, source, run).then((bytes) => ({ run, bytes }));
    // A reader that leaves early never awaits this promise, so its failure must not go unhandled.
    asked.catch(() => {});
    reads.push(asked);
  };
  for (let count = 0; count < runsAtOnce; count += 1) ask();
  for (let read = reads.shift(); read !== undefined; read = reads.shift()) {
    const { run, bytes } = await read;
    ask();
    for (const { start, end } of run.places) yield bytes.subarray(start - run.start, end - run.start);
  }
}

function* runsOf(places: Iterable<Place>): Generator<Run, undefined> {
  let run: Run | null = null;
  for (const place of places) {
    const { start, end } = place;
    const isNear = run !== null && start >= run.end && start - run.end <= gapBytesMax && end - run.start <= runBytesMax;
    if (run !== null && isNear) {
      run.end = end;
      run.places.push(place);
      continue;
    }
    if (run !== null) yield run;
    run = { start, end, places: [place] };
  }
  if (run !== null) yield run;
}
