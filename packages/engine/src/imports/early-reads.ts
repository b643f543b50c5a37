import type { Clock } from '../clock.ts';

/** Maximum number of backups that are read ahead. */
const aheadMax = 16;
/** Milliseconds for which what was read ahead is used. Short, because others may change it. */
const freshForMs = 1_000;

/**
 * Reads what the catalogue has about the backups of a chain. The first read also gets what the next backups will need:
 * a chain of small links is examined within milliseconds, of which separate reads would take a large part. What was
 * read ahead is used once, and only for a second.
 */
export class EarlyReads<Value> {
  readonly #read: (backupIds: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
  readonly #clock: Clock;
  /** The backups that nobody has asked for yet. */
  readonly #expected: Set<string>;
  #ahead: { readonly ids: ReadonlySet<string>; readonly values: ReadonlyMap<string, Value>; readonly readAtMs: number };

  constructor(
    expectedIds: readonly string[],
    clock: Clock,
    read: (backupIds: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
  ) {
    this.#expected = new Set(expectedIds);
    this.#clock = clock;
    this.#read = read;
    this.#ahead = { ids: new Set(), values: new Map(), readAtMs: Number.NEGATIVE_INFINITY };
  }

  /** Returns what is known of these backups. Those of which nothing is known are left out. Throws catalogue errors. */
  async of(backupIds: readonly string[]): Promise<ReadonlyMap<string, Value>> {
    const nowMs = this.#clock.monotonicMs();
    const { ids, values, readAtMs } = this.#ahead;
    const isAhead = nowMs < readAtMs + freshForMs && backupIds.every((id) => ids.has(id) && this.#expected.has(id));
    const isExpected = backupIds.some((id) => this.#expected.has(id));
    for (const id of backupIds) this.#expected.delete(id);
    if (isAhead) return pick(values, backupIds);
    if (!isExpected) return await this.#read(backupIds);
    const next = [...this.#expected].slice(0, aheadMax);
    const found = await this.#read([...new Set([...backupIds, ...next])]);
    this.#ahead = { ids: new Set(next), values: found, readAtMs: nowMs };
    return pick(found, backupIds);
  }
}

function pick<Value>(values: ReadonlyMap<string, Value>, ids: readonly string[]): ReadonlyMap<string, Value> {
  const picked = new Map<string, Value>();
  for (const id of ids) {
    const value = values.get(id);
    if (value !== undefined) picked.set(id, value);
  }
  return picked;
}
