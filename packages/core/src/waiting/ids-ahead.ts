import type { Several } from '../lists/batches.ts';
import type { Wake } from './wake.ts';

/** Calls that are waited for at once, at most: what bounds the memory. */
const pendingMax = 10_000;

/** The id of an operation log, or what a sync has answered with. */
export type OperationReference = string | { readonly operation_log_id: string };

/** Reads a list of operations, and keeps those that have not ended. */
export class IdsAhead {
  readonly pending = new Set<string>();
  /** What went wrong with the list. */
  failure: { readonly error: unknown } | null = null;
  readonly #fresh = new Set<string>();
  readonly #ids: AsyncGenerator<string>;
  readonly #wake: Wake;
  #reading = false;
  #exhausted = false;

  constructor(references: Several<OperationReference>, wake: Wake) {
    this.#ids = idsOf(references);
    this.#wake = wake;
  }

  /** Nothing is waited for, and nothing will be. */
  areDone(): boolean {
    return this.pending.size === 0 && (this.#exhausted || this.failure !== null);
  }

  /** Goes on reading, where there is room. */
  readAhead(): void {
    if (this.#reading || this.#exhausted || this.failure !== null || this.pending.size >= pendingMax) return;
    this.#reading = true;
    this.#read()
      .catch((error: unknown) => {
        this.failure = { error };
      })
      .finally(() => {
        this.#reading = false;
        this.#wake.notify();
      });
  }

  /** Those that came since the last time. */
  takeFresh(): Set<string> {
    const fresh = new Set(this.#fresh);
    this.#fresh.clear();
    return fresh;
  }

  /** An operation has ended; tells whether it was waited for. */
  end(id: string): boolean {
    this.#fresh.delete(id);
    return this.pending.delete(id);
  }

  async stop(): Promise<void> {
    const closed = this.#ids.return(undefined);
    // A list that is being read closes when it has brought what it was asked for, and nobody waits for that any more.
    if (this.#reading) closed.catch(() => {});
    else await closed;
  }

  async #read(): Promise<void> {
    while (this.pending.size < pendingMax) {
      const next = await this.#ids.next();
      if (next.done) {
        this.#exhausted = true;
        return;
      }
      this.pending.add(next.value);
      this.#fresh.add(next.value);
      if (this.#fresh.size === 1) this.#wake.notify();
    }
  }
}

async function* idsOf(references: Several<OperationReference>): AsyncGenerator<string> {
  for await (const reference of references) {
    yield typeof reference === 'string' ? reference : reference.operation_log_id;
  }
}
