import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStorage } from './drivers.ts';

const fileName = 'storage-unit.json';

/** A data directory was opened with another storage unit than its records are of. The message is for the operator. */
export class OtherStorageUnitError extends Error {
  override readonly name = 'OtherStorageUnitError';

  constructor(remembered: string, given: string) {
    super(
      `The records of this data directory are of the storage unit ${remembered}, and not of ${given}: there, every backup ` +
        'would seem to be gone. Give the former, use another data directory, or say with --storage-moved that the same ' +
        'buckets lie at the new place now.',
    );
  }
}

/**
 * Remembers what storage unit a data directory is of, at its first opening, and refuses another later unless it has
 * `moved`. The directory must be held. Throws {@link OtherStorageUnitError}, and what the file system throws.
 */
export function rememberStorageUnit(
  dataDirectory: string,
  specification: string,
  { moved }: { readonly moved: boolean },
): void {
  const given = plainly(specification);
  const path = join(dataDirectory, fileName);
  const remembered = read(path);
  if (remembered === given) return;
  if (remembered !== null && !moved) throw new OtherStorageUnitError(remembered, given);
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, `${JSON.stringify({ storage: given })}\n`, { mode: 0o600 });
  renameSync(aside, path);
}

/** The same unit is written in the same way, wherever a process was started. */
function plainly(specification: string): string {
  const { driver, location } = parseStorage(specification);
  return `${driver.scheme}:${location.canonical()}`;
}

function read(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const { storage } = JSON.parse(text) as { storage: string };
  return storage;
}
