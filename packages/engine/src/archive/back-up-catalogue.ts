import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { countSealed, type SealedCounts } from '../catalogue/identity-records.ts';
import { listSealedSecrets } from '../catalogue/identity-steps/access-keys.ts';
import { readSetting } from '../catalogue/steps/settings.ts';
import { type Clock, systemClock } from '../clock.ts';
import { readKeyOf, SecretKeyError, SecretSeal, secretKeyVariable } from '../identity/secret-seal.ts';
import { rememberedStorageUnit } from '../storage/remembered-storage-unit.ts';
import { type CataloguePlace, readCatalogue } from './read-catalogue.ts';
import { writeArchive } from './write-archive.ts';

export type BackUpOptions = {
  readonly from: CataloguePlace;
  /** The file to write. */
  readonly output: string;
  /** Replaces an existing file, once the new one is complete. */
  readonly replace: boolean;
  /** Writes the key that seals secrets to the archive. */
  readonly withKey: boolean;
  /** This key, 32 bytes in base64. Null: it is in the data directory, if there is one. */
  readonly secretKey: string | null;
  /** The version of this program. */
  readonly release: string;
  readonly signal: AbortSignal;
  /** Called after each few hundred rows of a table. */
  readonly onRows: (table: string, rows: number) => void;
  readonly clock?: Clock;
};

export type BackedUp = {
  readonly output: string;
  readonly bytes: number;
  readonly rows: number;
  /** The moment whose state the archive has. */
  readonly createdAtMs: number;
  /** Access keys and hooks that can be used. */
  readonly sealed: SealedCounts;
  /** Whether the archive has the key that opens their secrets. */
  readonly hasKey: boolean;
};

/**
 * Writes an archive of a catalogue as it is at one moment, while other processes may use it. At the path of the file
 * there is a complete archive on disk, or what was there before.
 *
 * Throws the errors of {@link readCatalogue}, `ArchiveError` if the file exists or cannot be written, `SecretKeyError` if
 * the key is wanted and is missing or wrong, and `AbortError`.
 */
export async function backUpCatalogue(options: BackUpOptions): Promise<BackedUp> {
  const { from, replace, withKey, release, signal, clock = systemClock } = options;
  const path = resolve(options.output);
  const counts = new Map<string, number>();
  const written = await readCatalogue(from, async (database) => {
    const secrets = await listSealedSecrets(database);
    const secretKey = withKey ? await keyOf(options, secrets) : null;
    const storageUnit =
      typeof from === 'string' ? rememberedStorageUnit(from) : await readSetting(database, 'storage_unit');
    const createdAtMs = clock.nowMs();
    const onRows = (table: string, rows: number) => {
      counts.set(table, rows);
      options.onRows(table, rows);
    };
    await writeArchive({
      ...{ database, path, replace, id: uuidv7(), createdAtMs, release, secretKey, storageUnit, signal, onRows },
    });
    return { createdAtMs, sealed: countSealed(secrets), hasKey: secretKey !== null };
  });
  const rows = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return { output: path, bytes: statSync(path).size, rows, ...written };
}

/** Returns the key of the catalogue, once it has opened all secrets. Null if there is neither a key nor a secret. */
async function keyOf(
  { from, secretKey }: BackUpOptions,
  secrets: Awaited<ReturnType<typeof listSealedSecrets>>,
): Promise<string | null> {
  const directory = typeof from === 'string' ? from : null;
  if (secretKey === null && directory === null) {
    throw new SecretKeyError(
      `The key that seals the secrets of access keys is not in the database. Set ${secretKeyVariable} or ` +
        `${secretKeyVariable}_FILE to the key of the nodes, or leave --with-key out.`,
    );
  }
  await SecretSeal.open(secretKey, directory ?? '', async () => secrets).check();
  return secretKey ?? (directory === null ? null : await readKeyOf(directory));
}
