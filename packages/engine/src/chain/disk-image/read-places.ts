import type { BucketContext } from '../chain-context.ts';
import { type ImageSource, readImageRange } from './image-source.ts';

/** Bytes of an image from `start` to `end`, exclusive. */
type Place = { readonly start: number; readonly end: number };

/** Places that are read with one request. */
type Run<Known extends Place> = { readonly start: number; end: number; readonly places: Known[] };

/** Places closer to each other than this are read with one request. */
const gapBytesMax = 64 * 1024;
/** Maximum number of bytes that are read with one request, unless one place alone has more. */
const runBytesMax = 1024 * 1024;
const runsAtOnce = 8;

/**
 * Yields places in an image, such as tables, in the given order, each with its bytes. Reads places that follow each
 * other with one request, and makes some requests at a time. Throws `ReadFault`, and storage errors.
 */
export async function* readPlaces<Known extends Place>(
  context: BucketContext,
  source: ImageSource,
  places: Iterable<Known>,
): AsyncGenerator<{ readonly place: Known; readonly bytes: Uint8Array }> {
  const runs = runsOf(places);
  const reads: Promise<{ readonly run: Run<Known>; readonly bytes: Uint8Array }>[] = [];
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
    for (const place of run.places) {
      yield { place, bytes: bytes.subarray(place.start - run.start, place.end - run.start) };
    }
  }
}

function* runsOf<Known extends Place>(places: Iterable<Known>): Generator<Run<Known>, undefined> {
  let run: Run<Known> | null = null;
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
