type Claim<Holder> = { holder: Holder; readonly waiting: Set<Waiter<Holder>> };
type Waiter<Holder> = { readonly holder: Holder; readonly grant: () => void };

/** Names that each have one holder at a time. The others wait in the order in which they asked. */
export class Claims<Holder> {
  readonly #claims = new Map<string, Claim<Holder>>();

  /**
   * Takes a name. Null if the holder has it now, or had it already; otherwise a promise that is fulfilled when the
   * holder gets it. When the signal is aborted, the promise is rejected with the signal's reason, and the holder no
   * longer waits.
   */
  take(name: string, holder: Holder, signal: AbortSignal): Promise<void> | null {
    const claim = this.#claims.get(name);
    if (claim === undefined) this.#claims.set(name, { holder, waiting: new Set() });
    if (claim === undefined || claim.holder === holder) return null;
    return new Promise((resolve, reject) => {
      const leave = () => {
        claim.waiting.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter<Holder> = {
        holder,
        grant: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      claim.waiting.add(waiter);
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Frees all names of a holder that has ended. Each goes to the one that has waited longest. */
  release(holder: Holder): void {
    for (const [name, claim] of this.#claims) {
      if (claim.holder !== holder) continue;
      const [next] = claim.waiting;
      if (next === undefined) this.#claims.delete(name);
      else {
        claim.waiting.delete(next);
        claim.holder = next.holder;
        next.grant();
      }
    }
  }
}
