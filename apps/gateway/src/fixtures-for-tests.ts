import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of a recording in the directory next to the repository. Not every machine has the recordings. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../../shared/fixtures/${name}`, import.meta.url));
}

/** Whether a fixture exists. If not, says so on standard error. */
export function isFixtureThere(path: string): boolean {
  const isThere = existsSync(path);
  if (!isThere) process.stderr.write(`skipped: there is no ${path}\n`);
  return isThere;
}
