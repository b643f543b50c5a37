import type { Batch } from './batches.ts';

/** Batches that are under way, or wait to be yielded, at most: what bounds the memory. */
const lookAhead = 64;

export type Sent<T> = { readonly batch: Batch; readonly value: T };
export type NotSent = { readonly batch: Batch; readonly error: unknown };

/**
 * Sends batches, several at once, and yields what became of each in their order. A batch that names a backup of one
 * before it waits until that has ended. After the first that fails no further one is sent; when all that were begun are
 * yielded, its error is thrown. Leaving the loop, or the signal, ends what is under way.
 */
export async function* sendInOrder<T>(
  batches: AsyncGenerator<Batch>,
  send: (batch: Batch, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Sent<T> | NotSent> {
  const sender = new Sender(send, signal);
  try {
    while (true) {
      sender.readAhead(batches);
      const outcome = sender.next();
      if (outcome !== null) yield outcome;
      else if (sender.isDone()) break;
      else await sender.change();
    }
    if (sender.failure !== null) throw sender.failure.error;
  } finally {
    await sender.stop(batches);
  }
}

type Entry<T> = { readonly batch: Batch; readonly settled: Promise<void>; outcome: Sent<T> | NotSent | null };

class Sender<T> {
  readonly #send: (batch: Batch, signal: AbortSignal) => Promise<T>;
  readonly #leaving = new AbortController();
  readonly #signal: AbortSignal;
  /** In the order of the list. */
  readonly #entries: Entry<T>[] = [];
  /** The newest call under way that names a backup. */
  readonly #busy = new Map<string, Promise<void>>();
  #reading = false;
  #exhausted = false;
  #wake: (() => void) | null = null;
  failure: { readonly error: unknown } | null = null;

  constructor(send: (batch: Batch, signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined) {
    this.#send = send;
    this.#signal = signal === undefined ? this.#leaving.signal : AbortSignal.any([signal, this.#leaving.signal]);
    // The list itself may never come to an end.
    this.#signal.addEventListener('abort', () => this.#fail(this.#signal.reason), { once: true });
    if (signal?.aborted) this.#fail(signal.reason);
  }

  readAhead(batches: AsyncGenerator<Batch>): void {
    if (this.#reading || this.#exhausted || this.failure !== null || this.#entries.length >= lookAhead) return;
    this.#reading = true;
    batches
      .next()
      .then(
        (next) => {
          if (next.done) this.#exhausted = true;
          else if (this.failure === null) this.#begin(next.value);
        },
        (error: unknown) => this.#fail(error),
      )
      .then(() => {
        this.#reading = false;
        this.#changed();
      });
  }

  /** What became of the next batch in order; null while that is not known. */
  next(): Sent<T> | NotSent | null {
    const outcome = this.#entries[0]?.outcome ?? null;
    if (outcome !== null) this.#entries.shift();
    return outcome;
  }

  /** Nothing is under way any more, and nothing will be. */
  isDone(): boolean {
    return this.#entries.length === 0 && (this.#exhausted || this.failure !== null);
  }

  /** Waits until something has changed since the questions above. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async stop(batches: AsyncGenerator<Batch>): Promise<void> {
    this.#leaving.abort();
    const closed = batches.return(undefined);
    // A list that is being read closes when it has brought what it was asked for, and nobody waits for that any more.
    if (this.#reading) closed.catch(() => {});
    else await closed;
  }

  #begin(batch: Batch): void {
    const earlier = batch.items.flatMap(({ backup_id }) => this.#busy.get(backup_id) ?? []);
    const entry: Entry<T> = {
      batch,
      outcome: null,
      settled: Promise.all(earlier)
        .then(() => (this.failure === null ? this.#send(batch, this.#signal) : Promise.reject(this.failure.error)))
        .then(
          (value) => {
            entry.outcome = { batch, value };
          },
          (error: unknown) => {
            this.#fail(error);
            entry.outcome = { batch, error };
          },
        )
        .then(() => {
          for (const { backup_id } of batch.items) {
            if (this.#busy.get(backup_id) === entry.settled) this.#busy.delete(backup_id);
          }
          this.#changed();
        }),
    };
    for (const { backup_id } of batch.items) this.#busy.set(backup_id, entry.settled);
    this.#entries.push(entry);
  }

  #fail(error: unknown): void {
    this.failure ??= { error };
    this.#changed();
  }

  #changed(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
