import type { CallRate, CountedCaller, SharedCallCounts } from '@backup-sync/engine';
import { type CallLimit, RateLimit } from './rate-limit.ts';

/** The other nodes that answer calls for the same callers. */
export type OtherNodes = {
  /** The counts over all nodes. */
  readonly counts: SharedCallCounts;
  /** Returns the number of nodes that answer calls, this one included. */
  readonly liveNodes: () => number;
};

/** Time after which a node counts with the others what it has admitted. Milliseconds. */
const countAfterMs = 100;
/** Share of the burst that all nodes together may admit before they count it with the others. */
const aheadShare = 0.1;
/** Callers that are counted at once. More wait for the next time. */
const callersAtOnce = 500;
/** Time for which each node limits calls alone after the shared counts could not be reached. Milliseconds. */
const aloneForMs = 1_000;

type Waiting = { readonly calls: number; readonly answer: (waitMs: number) => void };

/** What the other nodes do not know yet of one caller. */
type Uncounted = {
  /** Calls that were admitted. Less than zero if more were taken back. */
  made: number;
  readonly waiting: Waiting[];
};

/**
 * Limits the call rate of each of many callers over all nodes.
 *
 * Asking PostgreSQL before each call would add a trip to each. So a node decides by what it knows, and counts its calls
 * with those of the other nodes afterwards, ten times a second. Without asking, all nodes together admit at most a tenth
 * of the burst to one caller; a call beyond that waits for an answer. The other nine tenths are admitted by PostgreSQL,
 * so the nodes together never exceed the limit.
 *
 * If the counts cannot be reached, each node limits its own calls: limits must not stop the service.
 */
export class SharedRateLimit implements CallLimit {
  readonly #name: string;
  readonly #rate: CallRate;
  readonly #nowMs: () => number;
  readonly #nodes: OtherNodes;
  /** What this node knows of the shared limit. */
  readonly #known: RateLimit;
  /** Calls of one caller that all nodes together may admit before they count them. */
  readonly #aheadOfAll: number;
  readonly #uncounted = new Map<string, Uncounted>();
  #aloneUntilMs = Number.NEGATIVE_INFINITY;
  #isCounting = false;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `nowMs` returns monotonic time. */
  constructor(name: string, { perSecond, burst }: CallRate, nowMs: () => number, nodes: OtherNodes) {
    this.#name = name;
    this.#rate = { perSecond, burst: Math.max(1, burst * (1 - aheadShare)) };
    this.#nowMs = nowMs;
    this.#nodes = nodes;
    this.#known = new RateLimit(this.#rate, nowMs);
    this.#aheadOfAll = burst * aheadShare;
  }

  take(caller: string, calls = 1): number | Promise<number> {
    const { perSecond, burst } = this.#rate;
    if (perSecond === Infinity) return 0;
    const counted = Math.min(calls, Math.floor(burst));
    if (this.#nowMs() < this.#aloneUntilMs) return this.#known.take(caller, counted);
    // Other nodes can only have made the caller wait longer.
    const waitMs = this.#known.waitMs(caller, counted);
    if (waitMs > 0) return waitMs;
    const uncounted = this.#uncountedOf(caller);
    const aheadMax = Math.floor(this.#aheadOfAll / Math.max(1, this.#nodes.liveNodes()));
    if (uncounted.waiting.length === 0 && uncounted.made + counted <= aheadMax) {
      this.#note(uncounted, counted);
      return this.#known.take(caller, counted);
    }
    return new Promise((answer) => {
      uncounted.waiting.push({ calls: counted, answer });
      this.#waiting += 1;
      void this.#countAll();
    });
  }

  giveBack(caller: string): void {
    this.#known.giveBack(caller);
    if (this.#nowMs() >= this.#aloneUntilMs) this.#note(this.#uncountedOf(caller), -1);
  }

  #uncountedOf(caller: string): Uncounted {
    const uncounted = this.#uncounted.get(caller) ?? { made: 0, waiting: [] };
    this.#uncounted.set(caller, uncounted);
    return uncounted;
  }

  #note(uncounted: Uncounted, calls: number): void {
    uncounted.made += calls;
    this.#countSoon();
  }

  #countSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#countAll();
    }, countAfterMs).unref();
  }

  /** Counts with the other nodes until no call waits. Never rejects. */
  async #countAll(): Promise<void> {
    if (this.#isCounting) return;
    this.#isCounting = true;
    try {
      do await this.#countSome();
      while (this.#waiting > 0 || this.#uncounted.size > callersAtOnce);
    } catch {
      this.#goAlone();
    }
    this.#isCounting = false;
    if (this.#uncounted.size > 0) this.#countSoon();
  }

  async #countSome(): Promise<void> {
    const asked = [...this.#uncounted].slice(0, callersAtOnce).map(([caller, { made, waiting }]) => {
      const wanted = waiting.reduce((sum, { calls }) => sum + calls, 0);
      return { caller, made, wanted, waiting: waiting.length };
    });
    const answers = await this.#nodes.counts.count(this.#name, this.#rate, asked);
    for (const [index, answer] of answers.entries()) {
      const of = asked[index];
      if (of !== undefined) this.#learn(of, answer);
    }
  }

  #learn(
    { caller, made, waiting }: { readonly caller: string; readonly made: number; readonly waiting: number },
    { admitted, aheadMs }: CountedCaller,
  ): void {
    const uncounted = this.#uncountedOf(caller);
    uncounted.made -= made;
    let left = admitted;
    const decided = uncounted.waiting.splice(0, waiting).map((each) => {
      const isAdmitted = each.calls <= left;
      if (isAdmitted) left -= each.calls;
      return { ...each, isAdmitted };
    });
    this.#waiting -= waiting;
    // Counted for a batch of calls that was not admitted, because too few were left for it.
    uncounted.made -= left;
    if (uncounted.made === 0 && uncounted.waiting.length === 0) this.#uncounted.delete(caller);
    this.#known.setAhead(caller, aheadMs + (uncounted.made * 1000) / this.#rate.perSecond);
    for (const { calls, answer, isAdmitted } of decided) {
      answer(isAdmitted ? 0 : Math.max(1, this.#known.waitMs(caller, calls)));
    }
  }

  #goAlone(): void {
    this.#aloneUntilMs = this.#nowMs() + aloneForMs;
    // What was admitted is known here. The other nodes need not learn it: they are alone too.
    for (const [caller, { waiting }] of this.#uncounted) {
      for (const { calls, answer } of waiting) answer(this.#known.take(caller, calls));
    }
    this.#uncounted.clear();
    this.#waiting = 0;
  }
}
