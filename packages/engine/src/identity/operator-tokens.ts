import type { TokenRecord } from '../catalogue/identity-records.ts';
import type { Clock } from '../clock.ts';

/**
 * The operator tokens that this process has issued. The process counts their time itself, so that setting the wall
 * clock neither locks out local commands nor keeps a token alive. They end with the process at the latest.
 */
export class OperatorTokens {
  readonly #clock: Clock;
  readonly #livesMs: number;
  readonly #issued = new Map<string, { readonly record: TokenRecord; readonly untilMs: number }>();

  constructor(clock: Clock, livesMs: number) {
    this.#clock = clock;
    this.#livesMs = livesMs;
  }

  add(record: TokenRecord): void {
    this.#issued.set(record.tokenHash, { record, untilMs: this.#clock.monotonicMs() + this.#livesMs });
  }

  /** Returns the record of a token. Undefined if this process has not issued it, null once it has expired. */
  find(tokenHash: string): TokenRecord | null | undefined {
    const issued = this.#issued.get(tokenHash);
    if (issued === undefined) return undefined;
    return issued.untilMs > this.#clock.monotonicMs() ? issued.record : null;
  }

  remove(tokenHash: string): void {
    this.#issued.delete(tokenHash);
  }
}
