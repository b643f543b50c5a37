import type { Batch } from './batches.ts';

/** Maximum number of batches that are under way or wait to be yielded. It bounds the memory. */
const lookAhead = 64;

export type Sent<T> = { readonly batch: Batch; readonly value: T };
export type NotSent = { readonly batch: Batch; readonly error: unknown };

/**
 * Sends batches, several at once, and yields their outcomes in order. A batch with a backup that an earlier one also
 * has waits until the earlier call has ended. After the first failure, no further batch is sent, and the outcomes of
 * those already sent are yielded; then the error is thrown. Leaving the loop or aborting the signal stops the calls
 * under way.
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
  /** By backup id: the newest call under way that carries it. */
  readonly #busy = new Map<string, Promise<void>>();
  #reading = false;
  #exhausted = false;
  #wake: (() => void) | null = null;
  failure: { readonly error: unknown } | null = null;

  constructor(send: (batch: Batch, signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined) {
    this.#send = send;
    this.#signal = signal === undefined ? this.#leaving.signal : AbortSignal.any([signal, this.#leaving.signal]);
    // Needed even when no call is under way: reading the list may never end.
    this.#signal.addEventListener('abort', () => this.#fail(this.#signal.reason), { once: true });
    if (signal?.aborted) this.#fail(signal.reason);
  }

  /** Starts reading and sending the next batch, unless enough are under way. */
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

  /** Takes the outcome of the next batch in order; null if it is not known yet. */
  next(): Sent<T> | NotSent | null {
    const outcome = this.#entries[0]?.outcome ?? null;
    if (outcome !== null) this.#entries.shift();
    return outcome;
  }

  /** Whether all batches have ended and no more will be sent. */
  isDone(): boolean {
    return this.#entries.length === 0 && (this.#exhausted || this.failure !== null);
  }

  /** Waits until something has changed since {@link next} and {@link isDone} were called. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Stops the calls under way and closes the list. */
  async stop(batches: AsyncGenerator<Batch>): Promise<void> {
    this.#leaving.abort();
    const closed = batches.return(undefined);
    // While the list is being read, it closes only after its next item, which may never come.
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
