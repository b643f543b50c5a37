/** Names of files that programs leave in a folder beside what they are there for. */
const names: ReadonlySet<string> = new Set(['.keep', '.gitkeep', '.DS_Store', 'Thumbs.db', 'desktop.ini', '_SUCCESS']);
const logPattern = /\.log(?:\.gz)?$/;

/**
 * Whether an object is no part of what a backup holds: it is empty, such as a folder marker, or a log, or a file that a
 * file manager or job leaves behind. A folder with nothing else in it is no backup.
 */
export function isByproduct(key: string, size: number): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return size === 0 || names.has(name) || logPattern.test(name);
}
