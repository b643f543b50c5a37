/** Characters that may wait for a reader of standard error. With more, entries are lost instead of memory. */
const waitingMax = 1024 * 1024;

/** A stream that writes without waiting, such as standard error. */
export type WaitingStream = { readonly writableLength: number; readonly write: (text: string) => unknown };

/**
 * Writes lines to standard error without ever waiting for its reader. A pipe or socket takes a line at once, so that a
 * crash loses none; what a full one does not take waits in memory, up to 1 MiB. After that, lines are lost and counted.
 */
export class BoundedOutput {
  readonly #stream: WaitingStream;
  #lost = 0;

  constructor(stream: WaitingStream) {
    this.#stream = stream;
  }

  /** Returns the number of lines that were lost before this one, if it can be written; and forgets it. */
  takeLost(): number {
    if (this.#lost === 0 || this.#isFull) return 0;
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  write(line: string): void {
    if (this.#isFull) this.#lost += 1;
    else this.#stream.write(line);
  }

  get #isFull(): boolean {
    return this.#stream.writableLength >= waitingMax;
  }
}
