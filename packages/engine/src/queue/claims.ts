type Claim<Holder> = { holder: Holder; readonly waiting: Set<Waiter<Holder>> };
type Waiter<Holder> = { readonly holder: Holder; readonly grant: () => void };

/** Names that one holder has to itself at a time. The others wait in the order in which they asked. */
export class Claims<Holder> {
  readonly #claims = new Map<string, Claim<Holder>>();

  /**
   * Null: the holder has the name from now on, or had it already. Else fulfilled when it has. Throws the signal's reason
   * once that is aborted, and waits no longer.
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

  /** The holder has ended: each of its names goes to the one that has waited longest. */
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
