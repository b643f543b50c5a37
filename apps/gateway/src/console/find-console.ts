import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const consolePackage = '@backup-sync/console';

/** Returns the directory of the built console; null if it is not installed, or not built. */
export function findConsole(): string | null {
  let description: string;
  try {
    description = createRequire(import.meta.url).resolve(`${consolePackage}/package.json`);
  } catch {
    return null;
  }
  const directory = join(dirname(description), 'dist');
  return existsSync(join(directory, 'index.html')) ? directory : null;
}
