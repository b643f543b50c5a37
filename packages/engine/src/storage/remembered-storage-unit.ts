import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStorage } from './drivers.ts';

const fileName = 'storage-unit.json';

/**
 * A data directory was opened with a storage unit that its records do not belong to. The message is for the operator.
 */
export class OtherStorageUnitError extends Error {
  override readonly name = 'OtherStorageUnitError';

  constructor(remembered: string, given: string) {
    super(
      `The records of this data directory belong to the storage unit ${remembered}, not to ${given}. ` +
        `In ${given}, every backup would seem to be gone. Give ${remembered}, or use another data directory. ` +
        'If the same buckets have moved there, add --storage-moved once.',
    );
  }
}

/**
 * Records the storage unit of a data directory when it is first opened, and later refuses any other unless it has
 * `moved`. The caller must hold the directory's lock. Throws {@link OtherStorageUnitError}, and file system errors.
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

/**
 * Throws {@link OtherStorageUnitError} if the data directory belongs to another storage unit. Only reads, without the
 * directory's lock. Throws file system errors.
 */
export function refuseOtherStorageUnit(dataDirectory: string, specification: string): void {
  const given = plainly(specification);
  const remembered = rememberedStorageUnit(dataDirectory);
  if (remembered !== null && remembered !== given) throw new OtherStorageUnitError(remembered, given);
}

/** The storage unit that a data directory belongs to; null if none is known. Throws what the file system throws. */
export function rememberedStorageUnit(dataDirectory: string): string | null {
  return read(join(dataDirectory, fileName));
}

/** The specification of a unit in a form that does not depend on the working directory. */
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
