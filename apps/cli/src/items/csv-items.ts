import { backupSync } from '@backup-sync/contracts';
import { CsvError, type InfoRecord, parse } from 'csv-parse';
import { UsageError } from '../failure.ts';
import type { PlacedItem } from './placed-item.ts';

const optionalFields = new Set(['resource_type']);

/**
 * One item a row, under a first row that names the fields; other columns are passed over, and an empty cell of
 * `resource_type` is none. Throws `UsageError` where a column is missing or a row cannot be read.
 */
export async function* csvItems(texts: AsyncIterable<string>): AsyncGenerator<PlacedItem> {
  const rows = parse({ bom: true, columns: checkHeader, info: true, skip_empty_lines: true, trim: true });
  const fed = feed(texts, rows);
  try {
    for await (const { record, info } of rows as AsyncIterable<{ record: Record<string, string>; info: InfoRecord }>) {
      yield { place: `line ${info.lines}, `, value: toItem(record) };
    }
    await fed;
  } catch (error) {
    if (error instanceof CsvError) throw new UsageError(`is not CSV: ${error.message}`, { cause: error });
    throw error;
  } finally {
    rows.destroy();
  }
}

/** Hands the texts over as fast as the rows are taken. What goes wrong with them goes wrong with the rows. */
async function feed(texts: AsyncIterable<string>, rows: ReturnType<typeof parse>): Promise<void> {
  try {
    for await (const text of texts) {
      if (rows.destroyed) return;
      if (!rows.write(text)) await new Promise<void>((resolve) => rows.once('drain', resolve).once('close', resolve));
    }
    rows.end();
  } catch (error) {
    rows.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function checkHeader(names: string[]): string[] {
  const missing = Object.keys(backupSync.shape).filter((field) => !names.includes(field) && !optionalFields.has(field));
  if (missing.length > 0) {
    throw new UsageError(`line 1: the first row names the fields, and lacks ${missing.join(', ')}`);
  }
  return names;
}

function toItem(row: Record<string, string>): Record<string, unknown> {
  const { created_at, resource_type, ...texts } = row;
  return {
    ...texts,
    ...(resource_type !== undefined && resource_type !== '' && { resource_type }),
    // A text that is no number stays one, and is refused with its place like any other wrong value.
    created_at: created_at !== undefined && /^\d{1,15}$/.test(created_at) ? Number(created_at) : created_at,
  };
}
