import type { Operation, Reason } from '@backup-sync/contracts';

/** Maximum number of operations that are named for each reason. */
const namedMax = 5;
/** Maximum number of operations kept of which it is not known yet whether they are of this list. */
const strangersMax = 1_000;

type Standing = 'waiting' | 'running' | 'success' | 'failed';

/** Imports that failed for the same reason. */
export type FailureGroup = {
  readonly reason: Reason;
  readonly count: number;
  /** The first of them. */
  readonly named: readonly { readonly id: string; readonly name: string; readonly message: string }[];
};

/** How the imports of a list stand. It keeps one word for each, so that a long list needs little memory. */
export class ImportTally {
  readonly #standings = new Map<string, Standing>();
  readonly #groups = new Map<string, FailureGroup>();
  /** News that may have come before the answer by which an import was accepted, oldest first. */
  readonly #strangers = new Map<string, Operation>();
  readonly counts: Record<Standing, number> = { waiting: 0, running: 0, success: 0, failed: 0 };

  /** Adds an import that was accepted. */
  accept(operationId: string): void {
    // The same import may be accepted twice: it is one operation then.
    if (this.#standings.has(operationId)) return;
    this.#standings.set(operationId, 'waiting');
    this.counts.waiting += 1;
    const news = this.#strangers.get(operationId);
    this.#strangers.delete(operationId);
    if (news !== undefined) this.note(news);
  }

  /** Notes how an operation stands. Returns whether it is an import of this list and its standing has changed. */
  note(operation: Operation): boolean {
    const before = this.#standings.get(operation.id);
    if (before === undefined) this.#keep(operation);
    const now = standingOf(operation);
    // An end is final: what was read before it may arrive after it.
    if (before === undefined || before === now || before === 'success' || before === 'failed') return false;
    this.#standings.set(operation.id, now);
    this.counts[before] -= 1;
    this.counts[now] += 1;
    if (now === 'failed' && operation.reason !== null) this.#addFailure(operation, operation.reason);
    return true;
  }

  get accepted(): number {
    return this.#standings.size;
  }

  get open(): number {
    return this.counts.waiting + this.counts.running;
  }

  /** The failures by reason, the most frequent first. */
  get failures(): readonly FailureGroup[] {
    return [...this.#groups.values()].toSorted((one, other) => other.count - one.count);
  }

  /** Whether an import of this list has not ended as far as is known. */
  isOpen(operationId: string): boolean {
    const standing = this.#standings.get(operationId);
    return standing === 'waiting' || standing === 'running';
  }

  #keep(operation: Operation): void {
    this.#strangers.delete(operation.id);
    this.#strangers.set(operation.id, operation);
    const [oldest] = this.#strangers.keys();
    if (this.#strangers.size > strangersMax && oldest !== undefined) this.#strangers.delete(oldest);
  }

  #addFailure({ id, backup_name, backup_id }: Operation, reason: Reason): void {
    const group = this.#groups.get(reason.code) ?? { reason, count: 0, named: [] };
    const name = { id, name: backup_name ?? backup_id ?? id, message: reason.message };
    this.#groups.set(reason.code, {
      reason,
      count: group.count + 1,
      named: group.named.length < namedMax ? [...group.named, name] : group.named,
    });
  }
}

function standingOf({ status }: Operation): Standing {
  if (status === 'waiting' || status === 'running' || status === 'success') return status;
  return 'failed';
}
