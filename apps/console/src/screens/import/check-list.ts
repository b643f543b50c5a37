import { type BackupSync, backupSync, problemsOf } from '@backup-sync/contracts';
import { itemFaults, listFaults } from '../../words/lists.ts';
import { readCsvList } from './csv-list.ts';
import { detectFormat, type ListFormat } from './detect-format.ts';
import { readJsonList, readNdjsonList } from './json-list.ts';
import { type ListItem, NoListError, type TakeItem } from './list-item.ts';

/** Maximum number of problems and of repeats that are kept: a file of another kind has one in every line. */
const keptMax = 500;
/** Maximum number of characters shown of a wrong value. */
const valueMax = 60;

/** What is wrong with an item. */
export type ItemProblem = {
  /** Place of the item: `row 3`, `line 7`, `sync[3]`. */
  readonly place: string;
  /** The field, with its column in a table; null if the whole item is wrong. */
  readonly field: string | null;
  readonly message: string;
};

/** An item with the id of an earlier one. It is imported after that one. */
export type Repeat = { readonly place: string; readonly earlier: string; readonly backupId: string };

/** What the check of a list found. The items themselves are handed out while it is read. */
export type ListSummary = {
  readonly format: ListFormat;
  readonly valid: number;
  readonly invalid: number;
  /** The first problems, and how many there are in all. */
  readonly problems: readonly ItemProblem[];
  readonly problemCount: number;
  readonly repeats: readonly Repeat[];
  readonly repeatCount: number;
  /** Number of valid items by bucket. */
  readonly buckets: ReadonlyMap<string, number>;
};

const readers: Readonly<Record<ListFormat, (text: string, take: TakeItem) => void>> = {
  json: readJsonList,
  ndjson: readNdjsonList,
  csv: readCsvList,
};

/**
 * Reads a list of backups and checks every item as the API does. `take` gets the valid ones in order. Throws
 * {@link NoListError} if the text is no list, or has no item.
 */
export function checkList(text: string, take: (item: BackupSync, place: string) => void): ListSummary {
  if (text.trim() === '') throw new NoListError(listFaults.empty);
  const format = detectFormat(text);
  const buckets = new Map<string, number>();
  const placeOf = new Map<string, string>();
  const problems: ItemProblem[] = [];
  const repeats: Repeat[] = [];
  let [valid, invalid, problemCount, repeatCount] = [0, 0, 0, 0];
  readers[format](text, (item) => {
    const checked = check(item);
    if (Array.isArray(checked)) {
      invalid += 1;
      problemCount += checked.length;
      problems.push(...checked.slice(0, keptMax - problems.length));
      return;
    }
    valid += 1;
    buckets.set(checked.bucket_name, (buckets.get(checked.bucket_name) ?? 0) + 1);
    const earlier = placeOf.get(checked.backup_id);
    if (earlier === undefined) placeOf.set(checked.backup_id, item.place);
    else {
      repeatCount += 1;
      if (repeats.length < keptMax) repeats.push({ place: item.place, earlier, backupId: checked.backup_id });
    }
    take(checked, item.place);
  });
  if (valid + invalid === 0) throw new NoListError(listFaults.noBackup);
  return { format, valid, invalid, problems, problemCount, repeats, repeatCount, buckets };
}

function check({ place, value, columns, problem }: ListItem): BackupSync | ItemProblem[] {
  if (problem !== undefined) return [{ place, field: null, message: problem }];
  const parsed = backupSync.safeParse(value);
  if (parsed.success) return parsed.data;
  return problemsOf(parsed.error).map(({ place: name, message }) => {
    if (name === 'body') return { place, field: null, message };
    const column = columns?.get(name);
    const field = column === undefined ? name : itemFaults.inColumn(name, column);
    return { place, field, message: `${message}${remarkOn(name, value)}` };
  });
}

/** Quotes the wrong value, so that it can be found. Empty if the value is missing, a list or an object. */
function remarkOn(field: string, item: unknown): string {
  const value = (item as Readonly<Record<string, unknown>>)[field];
  if (value === '' || !['string', 'number', 'boolean'].includes(typeof value)) return '';
  const text = String(value);
  const shown = text.length > valueMax ? `${text.slice(0, valueMax)}…` : value;
  // 1.77233E+09, as a spreadsheet shows a number that is too wide for its column.
  const isRounded = field === 'created_at' && /^\d+([.,]\d+)?E\+?\d+$/i.test(text);
  const advice = isRounded ? itemFaults.rounded : '';
  return `${advice}${itemFaults.valueIs(shown)}`;
}
