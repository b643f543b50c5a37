import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStorage } from './drivers.ts';

const fileName = 'storage-unit.json';
const dataDirectoryPlace = 'data directory';

/** A catalogue was opened with a storage unit that its records do not belong to. The message is for the operator. */
export class OtherStorageUnitError extends Error {
  override readonly name = 'OtherStorageUnitError';

  /** `place`: what has the records, such as "data directory". */
  constructor(place: string, remembered: string, given: string) {
    super(
      `The records of this ${place} belong to the storage unit ${remembered}, not to ${given}. ` +
        `In ${given}, every backup would seem to be gone. Give ${remembered}, or use another ${place}. ` +
        'If the same buckets have moved there, add --storage-moved once.',
    );
  }
}

/** Stores which storage unit the records of a catalogue belong to. */
export interface StorageUnitMemory {
  /** What has the records, for messages, such as "data directory". */
  readonly place: string;
  /** Stores the unit unless one is stored already. Returns the stored one. */
  keep(storage: string): Promise<string>;
  /** Stores the unit, instead of the one that is stored. */
  replace(storage: string): Promise<void>;
}

/**
 * Records the storage unit of a catalogue when it is first opened, and later refuses any other unless it has `moved`.
 * Throws {@link OtherStorageUnitError}, and the errors of the memory.
 */
export async function rememberStorageUnit(
  memory: StorageUnitMemory,
  specification: string,
  { moved }: { readonly moved: boolean },
): Promise<void> {
  const given = plainly(specification);
  const remembered = await memory.keep(given);
  if (remembered === given) return;
  if (!moved) throw new OtherStorageUnitError(memory.place, remembered, given);
  await memory.replace(given);
}

/** Stores the unit in a file of a data directory. The caller must hold the lock of the directory. */
export function memoryInDirectory(dataDirectory: string): StorageUnitMemory {
  const path = join(dataDirectory, fileName);
  const replace = async (storage: string) => {
    const aside = `${path}.${process.pid}`;
    writeFileSync(aside, `${JSON.stringify({ storage })}\n`, { mode: 0o600 });
    renameSync(aside, path);
  };
  return {
    place: dataDirectoryPlace,
    async keep(storage) {
      const remembered = read(path);
      if (remembered === null) await replace(storage);
      return remembered ?? storage;
    },
    replace,
  };
}

/** What a catalogue has to store settings. */
type SettingStore = {
  keepSetting(name: 'storage_unit', value: string): Promise<string>;
  replaceSetting(name: 'storage_unit', value: string): Promise<void>;
};

/** Stores the unit in the catalogue, for all its nodes. */
export function memoryInCatalogue({ settings }: { readonly settings: SettingStore }): StorageUnitMemory {
  return {
    place: 'database',
    keep: (storage) => settings.keepSetting('storage_unit', storage),
    replace: (storage) => settings.replaceSetting('storage_unit', storage),
  };
}

/**
 * Throws {@link OtherStorageUnitError} if the data directory belongs to another storage unit. Only reads, without the
 * directory's lock. Throws file system errors.
 */
export function refuseOtherStorageUnit(dataDirectory: string, specification: string): void {
  const given = plainly(specification);
  const remembered = rememberedStorageUnit(dataDirectory);
  if (remembered !== null && remembered !== given)
    throw new OtherStorageUnitError(dataDirectoryPlace, remembered, given);
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
