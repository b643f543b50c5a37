import { type BackupSync, BackupSyncError, type Problem, syncItemsMax } from '@backup-sync/contracts';
import { checkItem, invalidList, type ListedBackup } from './listed-items.ts';

/** A list of any length: an array, an iterable or an async iterable. */
export type Several<T> = Iterable<T> | AsyncIterable<T>;

/** The part of a list that one call carries: consecutive items, with no backup twice. */
export type Batch = {
  /** Index of the first item in the list. */
  readonly first: number;
  readonly items: readonly BackupSync[];
};

/**
 * Splits a list of any length into batches, in order. If the list names a backup again, the second item goes into a
 * later batch, so that the order is kept. Throws `invalid_request` for an invalid item. An array is checked completely
 * before the first batch, and the error has every problem. Any other list is checked while it is read.
 */
export async function* batches(items: Several<ListedBackup>): AsyncGenerator<Batch> {
  const splitter = new Splitter();
  if (Symbol.asyncIterator in items) {
    let index = 0;
    for await (const item of items) {
      const full = splitter.add(checked(item, index));
      index += 1;
      if (full !== null) yield full;
    }
  } else {
    // `for await` over items that are already there costs more than checking them.
    for (const item of Array.isArray(items) ? checkAll(items) : checkEach(items)) {
      const full = splitter.add(item);
      if (full !== null) yield full;
    }
  }
  const last = splitter.take();
  if (last.items.length > 0) yield last;
}

/** Collects items until a call is full. */
class Splitter {
  #items: BackupSync[] = [];
  #first = 0;
  readonly #ids = new Set<string>();

  /** Adds an item. Returns the batch before it if that is complete, otherwise null. */
  add(item: BackupSync): Batch | null {
    const full = this.#items.length === syncItemsMax || this.#ids.has(item.backup_id) ? this.take() : null;
    this.#items.push(item);
    this.#ids.add(item.backup_id);
    return full;
  }

  /** Returns the items collected since the last batch. */
  take(): Batch {
    const batch = { first: this.#first, items: this.#items };
    this.#first += batch.items.length;
    this.#items = [];
    this.#ids.clear();
    return batch;
  }
}

function checkAll(items: readonly ListedBackup[]): readonly BackupSync[] {
  const good: BackupSync[] = [];
  const problems: Problem[] = [];
  for (const [index, item] of items.entries()) {
    const outcome = checkItem(item, index);
    if ('problems' in outcome) problems.push(...outcome.problems);
    else good.push(outcome);
  }
  if (problems.length > 0) throw invalidList(problems);
  return good;
}

function* checkEach(items: Iterable<ListedBackup>): Generator<BackupSync> {
  let index = 0;
  for (const item of items) {
    yield checked(item, index);
    index += 1;
  }
}

function checked(item: ListedBackup, index: number): BackupSync {
  const outcome = checkItem(item, index);
  if ('problems' in outcome) throw invalidList(outcome.problems);
  return outcome;
}

/** Throws `unexpected_answer` unless the answer has one entry for each item, in order. */
export function refuseStrangers(
  items: readonly BackupSync[],
  answered: readonly { readonly backup_id: string }[],
): void {
  const stranger = items.find(({ backup_id }, position) => answered[position]?.backup_id !== backup_id);
  if (stranger === undefined) return;
  throw new BackupSyncError('unexpected_answer', `the answer does not have ${stranger.backup_id} in its place`);
}
