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
 * other with one request of `read`, and makes some requests at a time. Throws the errors of `read`.
 */
export async function* readPlaces<Known extends Place>(
  places: Iterable<Known>,
  read: (range: Place) => Promise<Uint8Array>,
): AsyncGenerator<{ readonly place: Known; readonly bytes: Uint8Array }> {
  const runs = runsOf(places);
  const reads: Promise<{ readonly run: Run<Known>; readonly bytes: Uint8Array }>[] = [];
  const ask = () => {
    const { value: run } = runs.next();
    if (run === undefined) return;
    const asked = read(run).then((bytes) => ({ run, bytes }));
    // A reader that leaves early never awaits this promise, so its failure must not go unhandled.
    asked.catch(() => {});
    reads.push(asked);
  };
  for (let count = 0; count < runsAtOnce; count += 1) ask();
  for (let next = reads.shift(); next !== undefined; next = reads.shift()) {
    const { run, bytes } = await next;
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
