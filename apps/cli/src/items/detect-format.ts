import { backupSync } from '@backup-sync/contracts';

/** Forms in which backups to sync are written. */
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
 * Tells the form from the beginning of the content, and from the file's name if that is blank. A first line that is a
 * whole JSON object is NDJSON if it names a field of an item, or another object stands below it; anything else that
 * begins as JSON does is JSON.
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
