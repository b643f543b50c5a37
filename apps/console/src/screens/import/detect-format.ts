import { backupSync } from '@backup-sync/contracts';

export type ListFormat = 'json' | 'ndjson' | 'csv';

const fields = Object.keys(backupSync.shape);

/**
 * Detects the format from the content. If the first line is a complete JSON object, it is NDJSON if the object has a
 * field of an item or another object follows. Anything else that begins like JSON is JSON; the rest is CSV.
 */
export function detectFormat(text: string): ListFormat {
  const start = text.trimStart();
  if (start.startsWith('[')) return 'json';
  if (!start.startsWith('{')) return 'csv';
  const end = start.indexOf('\n');
  const firstLine = end === -1 ? start : start.slice(0, end);
  const object = objectIn(firstLine);
  if (object === null || Object.hasOwn(object, 'sync')) return 'json';
  const isItem = fields.some((field) => Object.hasOwn(object, field));
  return isItem || (end !== -1 && start.slice(end).trimStart().startsWith('{')) ? 'ndjson' : 'json';
}

function objectIn(line: string): object | null {
  try {
    return JSON.parse(line) as object;
  } catch {
    return null;
  }
}
