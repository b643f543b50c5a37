import {
  type BackupSync,
  BackupSyncError,
  type BackupSyncInput,
  backupSync,
  type Problem,
  parseOrRefuse,
  problemsOf,
  syncItemsMax,
} from '@backup-sync/contracts';

/** Any number of things, which are there already or come in time. */
export type Several<T> = Iterable<T> | AsyncIterable<T>;

/** What one call carries: items that follow each other in the list, no backup twice. */
export type Batch = { readonly first: number; readonly items: readonly BackupSync[] };

/**
 * Splits a list of any length into what one call carries, in order. A backup that is named twice goes into a later call
 * than before, so that its order stands. Throws `invalid_request` for an item that is wrong: an array is checked whole
 * before the first batch and every problem is named, anything else is checked as it comes.
 */
export async function* batches(items: Several<BackupSyncInput>): AsyncGenerator<Batch> {
  const splitter = new Splitter();
  if (Symbol.asyncIterator in items) {
    let index = 0;
    for await (const item of items) {
      const full = splitter.add(parseOrRefuse(backupSync, item, `sync[${index}]`));
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

function checkAll(items: readonly BackupSyncInput[]): readonly BackupSync[] {
  const checked: BackupSync[] = [];
  const problems: Problem[] = [];
  for (const [index, item] of items.entries()) {
    const parsed = backupSync.safeParse(item);
    if (parsed.success) checked.push(parsed.data);
    else problems.push(...problemsOf(parsed.error, `sync[${index}]`));
  }
  if (problems.length > 0) {
    const message = problems.map(({ place, message }) => `${place}: ${message}`).join('; ');
    throw new BackupSyncError('invalid_request', message, { problems });
  }
  return checked;
}

function* checkEach(items: Iterable<BackupSyncInput>): Generator<BackupSync> {
  let index = 0;
  for (const item of items) {
    yield parseOrRefuse(backupSync, item, `sync[${index}]`);
    index += 1;
  }
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
