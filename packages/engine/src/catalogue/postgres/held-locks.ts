import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { fixedQuery } from '../fixed-query.ts';
import { type Lock, type LockKind, lockKinds, lockOfProject } from '../lock-kinds.ts';
import type { Schema } from '../schema.ts';

/** Thrown by a step that needs more locks than it holds, in another order. It is run again with all of them. */
export class MoreLocksError extends Error {
  override readonly name = 'MoreLocksError';
  readonly locks: readonly Lock[];

  constructor(locks: readonly Lock[]) {
    super('a step needs more locks than it holds');
    this.locks = locks;
  }
}

/**
 * The advisory locks of one transaction. Every transaction takes its locks in one order, so that no two ever wait for
 * each other. If a step finds that it needs a lock that comes before one it holds, it starts again.
 */
export class HeldLocks {
  readonly #declared: readonly LockKind[];
  readonly #held = new Map<string, Lock>();
  /** The last lock in order that is held. */
  #last: Lock | null = null;

  /** `declared` are the kinds that the step states: it may take no others. */
  constructor(declared: readonly LockKind[]) {
    this.#declared = declared;
  }

  async take(database: Kysely<Schema>, locks: readonly Lock[]): Promise<void> {
    const missing = locks.filter((lock) => !this.#holds(lock));
    if (missing.length === 0) return;
    const undeclared = missing.find(({ kind }) => !this.#declared.includes(kind));
    if (undeclared !== undefined) throw new TypeError(`the step does not state that it locks a ${undeclared.kind}`);
    const wanted = merge(missing);
    const [first] = wanted;
    const isOutOfOrder = first !== undefined && this.#last !== null && compare(first, this.#last) <= 0;
    if (isOutOfOrder) throw new MoreLocksError(merge([...this.#held.values(), ...missing]));
    await takeInOrder(database, wanted);
    for (const lock of wanted) this.#held.set(keyOf(lock), lock);
    this.#last = wanted.at(-1) ?? this.#last;
  }

  #holds(lock: Lock): boolean {
    const held = this.#held.get(keyOf(lock));
    if (held !== undefined && (lock.isShared || !held.isShared)) return true;
    // Nobody else has a part of a project while this transaction has all of it.
    return lock.partOf !== null && this.#held.get(keyOf(lockOfProject(lock.partOf, false)))?.isShared === false;
  }
}

/** The locks of the transactions in progress, by their executors. */
const held = new WeakMap<object, HeldLocks>();

/** Prepares a transaction for locks of these kinds. */
export function beginLocks(transaction: Kysely<Schema>, declared: readonly LockKind[]): HeldLocks {
  const locks = new HeldLocks(declared);
  held.set(transaction.getExecutor(), locks);
  return locks;
}

export function heldLocksOf(transaction: Kysely<Schema>): HeldLocks {
  const locks = held.get(transaction.getExecutor());
  if (locks === undefined) throw new TypeError('locks are held by transactions only');
  return locks;
}

/** Returns locks of whole projects instead of locks of their parts. */
export function lockWholeProjects(locks: readonly Lock[]): readonly Lock[] {
  return locks
    .filter(({ partOf }) => partOf === null)
    .map((lock) => (lock.kind === 'project' ? { ...lock, isShared: false } : lock));
}

/** Takes locks one after the other, in one trip to the server. */
async function takeInOrder(database: Kysely<Schema>, locks: readonly Lock[]): Promise<void> {
  const wanted = locks.map((lock) => ({ number: numberOf(lock), shared: lock.isShared }));
  await takeWanted.all(database, { wanted: JSON.stringify(wanted) });
}

/** `wanted` is JSON. PostgreSQL returns its entries in their order, and calls the function of each as it does so. */
const takeWanted = fixedQuery((_, { wanted }: { wanted: string }) => {
  return sql`select case when wanted.shared
      then pg_advisory_xact_lock_shared(wanted.number)
      else pg_advisory_xact_lock(wanted.number)
    end
    from json_to_recordset(${wanted}::text::json) as wanted (number bigint, shared boolean)`;
});

/** Returns the locks in order, each once, and shared only if nobody wants it otherwise. */
function merge(locks: readonly Lock[]): readonly Lock[] {
  const merged = new Map<string, Lock>();
  for (const lock of locks) {
    const known = merged.get(keyOf(lock));
    if (known === undefined || known.isShared) merged.set(keyOf(lock), lock);
  }
  return [...merged.values()].toSorted(compare);
}

function compare(one: Lock, other: Lock): number {
  const kinds = lockKinds.indexOf(one.kind) - lockKinds.indexOf(other.kind);
  if (kinds !== 0) return kinds;
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

function keyOf({ kind, name }: Lock): string {
  return `${kind} ${name}`;
}

/**
 * The number of a lock, as PostgreSQL knows it. Different locks may have the same number: then one waits without need.
 */
function numberOf(lock: Lock): string {
  return createHash('sha256').update(keyOf(lock)).digest().readBigInt64BE(0).toString();
}
