import { backupSync } from '@backup-sync/contracts';

/** Formats of a list of backups to sync. */
export const itemFormats = ['json', 'ndjson', 'csv'] as const;
export type ItemFormat = (typeof itemFormats)[number];

const formatOfExtension = new Map<string, ItemFormat>([
  ['json', 'json'],
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['csv', 'csv'],
]);

const fields = Object.keys(backupSync.shape);

/**
 * Detects the format from the beginning of the content, or from the name of the file if the content is blank. If the
 * first line is a complete JSON object, it is NDJSON if the object has a field of an item or another object follows.
 * Anything else that begins like JSON is JSON; the rest is CSV.
 */
export function detectFormat(file: string, beginning: string): ItemFormat {
  const start = beginning.replace(/^\u{feff}/u, '').trimStart();
  if (start === '') return formatOfExtension.get(file.slice(file.lastIndexOf('.') + 1).toLowerCase()) ?? 'ndjson';
  if (start.startsWith('[')) return 'json';
  if (!start.startsWith('{')) return 'csv';
  const [firstLine = ''] = start.split('\n', 1);
  const object = objectIn(firstLine);
  if (object === null || Object.hasOwn(object, 'sync')) return 'json';
  const isItem = fields.some((field) => Object.hasOwn(object, field));
  return isItem || start.slice(firstLine.length).trimStart().startsWith('{') ? 'ndjson' : 'json';
}

function objectIn(line: string): object | null {
  try {
    return JSON.parse(line) as object;
  } catch {
    return null;
  }
}
