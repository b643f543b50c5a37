import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';

const fileName = 'catalogue.sqlite';

/** The file of an empty catalogue, made once in a process. */
let made: Promise<Buffer> | null = null;

/**
 * Creates a data directory that has an empty catalogue of the newest schema, like a first start. Creating the tables
 * each time would take longer than most tests.
 */
export async function makeDataDirectory(directory: string): Promise<void> {
  made ??= makeCatalogue();
  const catalogue = await made;
  await mkdir(directory, { mode: 0o700 });
  await writeFile(join(directory, fileName), catalogue, { mode: 0o600 });
}

async function makeCatalogue(): Promise<Buffer> {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-empty-'));
  try {
    const directory = join(home, 'data');
    const catalogue = await openSqliteCatalogue({ directory, inPlace: true });
    await catalogue[Symbol.asyncDispose]();
    return await readFile(join(directory, fileName));
  } finally {
    await rm(home, { recursive: true });
  }
}
