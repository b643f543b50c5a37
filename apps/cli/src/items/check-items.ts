import { type BackupSync, backupSync, counted, grouped, type Problem, problemsOf } from '@backup-sync/contracts';
import { InvalidItemsError, UsageError } from '../failure.ts';
import type { ItemSource } from './item-source.ts';
import type { PlacedItem } from './placed-item.ts';

/** Maximum number of problems shown: a file of another kind has one in every line. */
const problemsMax = 50;
/** Maximum number of characters shown of a wrong value. */
const valueMax = 60;

/** The items of a file after the check. */
export type CheckedItems = {
  readonly count: number;
  /** Number of items per bucket. */
  readonly buckets: ReadonlyMap<string, number>;
};

/** Yields the items as they are read. Throws {@link InvalidItemsError} at the first invalid one, with its problems. */
export async function* checkedItems(source: ItemSource): AsyncGenerator<BackupSync> {
  for await (const item of source.read()) {
    const checked = check(item);
    if (Array.isArray(checked)) throw new InvalidItemsError(`${source.name}: an item is not valid`, checked);
    yield checked;
  }
}

/**
 * Checks every item. Throws {@link InvalidItemsError} with the problems of all invalid items, and `UsageError` if a
 * file has no item. A pipe may be empty, for example if a scan finds nothing new.
 */
export async function checkItems(source: ItemSource): Promise<CheckedItems> {
  const buckets = new Map<string, number>();
  const problems: Problem[] = [];
  let [count, wrong, found] = [0, 0, 0];
  for await (const item of source.read()) {
    const checked = check(item);
    if (Array.isArray(checked)) {
      wrong += 1;
      found += checked.length;
      if (problems.length < problemsMax) problems.push(...checked);
    } else {
      count += 1;
      buckets.set(checked.bucket_name, (buckets.get(checked.bucket_name) ?? 0) + 1);
    }
  }
  if (wrong > 0) {
    const share = `${grouped(wrong)} of ${counted(wrong + count, 'item')} ${wrong === 1 ? 'is' : 'are'}`;
    const cut = found > problemsMax ? `; only the first ${problemsMax} problems are shown` : '';
    const message = `${source.name}: ${share} not valid; nothing was sent${cut}`;
    throw new InvalidItemsError(message, problems.slice(0, problemsMax));
  }
  if (count === 0 && source.isFile) throw new UsageError(`${source.name} contains no item to sync: check the file`);
  return { count, buckets };
}

function check({ placeOf, value, problem }: PlacedItem): BackupSync | Problem[] {
  if (problem !== undefined) return [{ place: placeOf(null), message: problem }];
  const parsed = backupSync.safeParse(value);
  if (parsed.success) return parsed.data;
  return problemsOf(parsed.error).map(({ place, message }) => {
    const field = place === 'body' ? null : place;
    return { place: placeOf(field), message: `${message}${remarkOn(field, value)}` };
  });
}

/** Quotes the wrong value, so that it can be found. Empty if the value is missing, a list or an object. */
function remarkOn(field: string | null, item: unknown): string {
  if (field === null) return '';
  const value = (item as Readonly<Record<string, unknown>>)[field];
  if (value === '' || !['string', 'number', 'boolean'].includes(typeof value)) return '';
  const text = String(value);
  const shown = text.length > valueMax ? `${text.slice(0, valueMax)}…` : value;
  // 1.77233E+09, as a spreadsheet shows a number that is too wide for its column.
  const isRounded = field === 'created_at' && /^\d+([.,]\d+)?E\+?\d+$/i.test(text);
  const advice = isRounded ? '; a spreadsheet has rounded it: format the column as a number without decimals' : '';
  return `${advice} (the value is ${JSON.stringify(shown)})`;
}
