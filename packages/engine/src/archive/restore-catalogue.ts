import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Transaction } from 'kysely';
import { countSealed, type SealedCounts } from '../catalogue/identity-records.ts';
import { listSealedSecrets } from '../catalogue/identity-steps/access-keys.ts';
import { DatabaseError } from '../catalogue/postgres/database-address.ts';
import type { Schema } from '../catalogue/schema.ts';
import { keepSetting } from '../catalogue/steps/settings.ts';
import { type Clock, systemClock } from '../clock.ts';
import { SecretSeal } from '../identity/secret-seal.ts';
import { ArchiveError } from './archive-error.ts';
import type { ArchiveHeader } from './archive-format.ts';
import { type CheckedArchive, checkArchive } from './check-archive.ts';
import { findLoadOf, loadIntoPostgres } from './load-into-postgres.ts';
import { openPostgresTarget } from './postgres-target.ts';
import type { CataloguePlace } from './read-catalogue.ts';
import { refuseCatalogue, restoreIntoDirectory } from './restore-into-directory.ts';
import { settleRestored } from './settle-restored.ts';

/** What a restore is doing. */
export type RestoreStep = 'check' | 'load' | 'verify';

export type RestoreOptions = {
  readonly archive: string;
  /** A data directory without a catalogue, or a database with an empty one. */
  readonly to: CataloguePlace;
  /** The key that seals secrets, if it is not to be the one of the archive. */
  readonly secretKey: string | null;
  /** See `openSqliteCatalogue`. */
  readonly command: string | null;
  readonly signal: AbortSignal;
  /** Called after each few hundred rows of a table. */
  readonly onRows: (step: RestoreStep, table: string, rows: number) => void;
  readonly clock?: Clock;
};

export type Restored = {
  /** The moment whose state was restored. */
  readonly backedUpAtMs: number;
  readonly rows: number;
  /** Access keys and hooks that can be used, if the key is there that opens their secrets. */
  readonly sealed: SealedCounts;
  /**
   * Where the key is: written to the data directory, given by the caller, in the archive only, or nowhere. A key that
   * is only in the archive has to be given to the nodes of a database.
   */
  readonly key: 'written' | 'given' | 'in the archive' | 'missing';
  readonly storageUnit: string | null;
};

/**
 * Restores a catalogue from an archive. The archive is checked whole before anything is written. Until everything is
 * loaded and compared with the archive, nothing else can use the catalogue: at any moment, even after a kill, there is
 * the whole catalogue or none. The same call begins again, or continues in a database.
 *
 * Throws:
 * - `ArchiveError` if the archive is damaged or of another release,
 * - `DataDirectoryError`, `DataDirectoryInUseError`, `CatalogueFullError` or `DatabaseError` if the place has a catalogue,
 *   or cannot be used,
 * - `SecretKeyError` if the given key does not open the secrets of the catalogue,
 * - `AbortError` or the reason of the signal.
 */
export async function restoreCatalogue(options: RestoreOptions): Promise<Restored> {
  const { to, signal, onRows, clock = systemClock } = options;
  const path = resolve(options.archive);
  if (!existsSync(path)) throw new ArchiveError(path, 'there is no such file');
  const check = () =>
    checkArchive(path, {
      ...{ forPostgres: typeof to !== 'string', signal },
      onTable: (table, rows) => onRows('check', table, rows),
    });
  let sealed: SealedCounts = { accessKeys: 0, hooks: 0 };
  const settle = async (transaction: Transaction<Schema>, header: ArchiveHeader) => {
    const secrets = await listSealedSecrets(transaction);
    if (options.secretKey !== null) await SecretSeal.open(options.secretKey, '', async () => secrets).check();
    sealed = countSealed(secrets);
    await settleRestored(transaction, header, clock.nowMs());
  };
  const load = { ...options, path, clock, check, settle };
  const { header, tables } = typeof to === 'string' ? await intoDirectory(to, load) : await intoDatabase(to, load);
  const given = options.secretKey !== null;
  const written = typeof to === 'string' ? 'written' : 'in the archive';
  return {
    backedUpAtMs: header.created_at_ms,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    sealed,
    key: given ? 'given' : header.secret_key === null ? 'missing' : written,
    storageUnit: header.storage_unit,
  };
}

type Load = RestoreOptions & {
  readonly path: string;
  readonly clock: Clock;
  readonly check: () => Promise<CheckedArchive>;
  readonly settle: (transaction: Transaction<Schema>, header: ArchiveHeader) => Promise<void>;
};

async function intoDirectory(directory: string, load: Load): Promise<CheckedArchive> {
  refuseCatalogue(directory);
  const checked = await load.check();
  await restoreIntoDirectory({
    ...load,
    ...checked,
    directory,
    settle: (transaction) => load.settle(transaction, checked.header),
  });
  return checked;
}

async function intoDatabase({ url, shown }: Exclude<CataloguePlace, string>, load: Load): Promise<CheckedArchive> {
  await using target = await openPostgresTarget(url, shown);
  const checked = await load.check();
  const { header } = checked;
  if ((await findLoadOf(target, 'restored', header.id)) === 'finished') {
    throw new DatabaseError(`The database ${shown} was restored from this archive already. Start the nodes.`);
  }
  await loadIntoPostgres(target, 'restored', {
    ...{ ...load, ...checked },
    settle: async (transaction) => {
      await load.settle(transaction, header);
      if (header.storage_unit !== null) await keepSetting(transaction, 'storage_unit', header.storage_unit);
      // The first node that starts stores it again, for its key.
      await transaction.deleteFrom('settings').where('name', '=', 'seal_check').execute();
    },
  });
  return checked;
}
