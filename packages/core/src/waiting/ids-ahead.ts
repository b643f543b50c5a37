import type { Several } from '../lists/batches.ts';
import type { Wake } from './wake.ts';

/** Maximum number of operations that are waited for at once. It bounds the memory. */
const pendingMax = 10_000;

/** The id of an operation log, or an item that a sync has accepted. */
export type OperationReference = string | { readonly operation_log_id: string };

/** Reads a list of operations ahead and keeps those that have not ended. */
export class IdsAhead {
  readonly pending = new Set<string>();
  /** The error that the list threw, if any. */
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

  /** Whether all operations have ended and no more will be read. */
  areDone(): boolean {
    return this.pending.size === 0 && (this.#exhausted || this.failure !== null);
  }

  /** Continues to read if there is room. */
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

  /** Takes the ids that were read since the last call. */
  takeFresh(): Set<string> {
    const fresh = new Set(this.#fresh);
    this.#fresh.clear();
    return fresh;
  }

  /** Records that an operation has ended. Returns whether it was waited for. */
  end(id: string): boolean {
    this.#fresh.delete(id);
    return this.pending.delete(id);
  }

  async stop(): Promise<void> {
    const closed = this.#ids.return(undefined);
    // While the list is being read, it closes only after its next item, which may never come.
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
