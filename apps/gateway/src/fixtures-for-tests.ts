import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of the recordings that lie beside the repository. Not every machine has them. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../../shared/fixtures/${name}`, import.meta.url));
}

/** Says so where it is not. */
export function isFixtureThere(path: string): boolean {
  const isThere = existsSync(path);
  if (!isThere) process.stderr.write(`skipped: there is no ${path}\n`);
  return isThere;
}
