import { type BackupSync, BackupSyncError, type Problem, syncItemsMax } from '@backup-sync/contracts';
import { checkItem, invalidList, type ListedBackup } from './listed-items.ts';

/** Any number of things, which are there already or come in time. */
export type Several<T> = Iterable<T> | AsyncIterable<T>;

/** What one call carries: items that follow each other in the list, no backup twice. */
export type Batch = { readonly first: number; readonly items: readonly BackupSync[] };

/**
 * Splits a list of any length into what one call carries, in order. A backup that is named twice goes into a later call
 * than before, so that its order stands. Throws `invalid_request` for an item that is wrong: an array is checked whole
 * before the first batch and every problem is named, anything else is checked as it comes.
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
    // What is there already is not waited for: with `for await` that costs more than the item's check.
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

  /** The batch before this item, where it is complete. */
  add(item: BackupSync): Batch | null {
    const full = this.#items.length === syncItemsMax || this.#ids.has(item.backup_id) ? this.take() : null;
    this.#items.push(item);
    this.#ids.add(item.backup_id);
    return full;
  }

  /** What was collected since the last batch. */
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

/** An answer has one entry for each item, in order. Throws `unexpected_answer` where it has not. */
export function refuseStrangers(
  items: readonly BackupSync[],
  answered: readonly { readonly backup_id: string }[],
): void {
  const stranger = items.find(({ backup_id }, position) => answered[position]?.backup_id !== backup_id);
  if (stranger === undefined) return;
  throw new BackupSyncError('unexpected_answer', `the answer does not name ${stranger.backup_id} in its place`);
}
