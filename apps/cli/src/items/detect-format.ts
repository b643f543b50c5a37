/** Forms in which backups to sync are written. */
export const itemFormats = ['json', 'ndjson', 'csv'] as const;
export type ItemFormat = (typeof itemFormats)[number];

const formatOfExtension = new Map<string, ItemFormat>([
  ['json', 'json'],
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['csv', 'csv'],
]);

/**
 * Tells the form from the beginning of the content, and where that leaves it open from the file's name. A first line
 * that is a whole JSON object without a "sync" list is NDJSON; anything else that begins as JSON does is JSON.
 */
export function detectFormat(file: string, beginning: string): ItemFormat {
  const start = beginning.replace(/^\u{feff}/u, '').trimStart();
  if (start === '') return formatOfExtension.get(file.slice(file.lastIndexOf('.') + 1).toLowerCase()) ?? 'ndjson';
  if (start.startsWith('[')) return 'json';
  if (!start.startsWith('{')) return 'csv';
  const [firstLine = ''] = start.split('\n', 1);
  return isItem(firstLine) ? 'ndjson' : 'json';
}

function isItem(line: string): boolean {
  try {
    return !Object.hasOwn(JSON.parse(line), 'sync');
  } catch {
    return false;
  }
}
