import { availableParallelism } from 'node:os';
import { BackupSyncError } from '@backup-sync/contracts';
import { orCatalogueFull } from './catalogue/sqlite/full-disk.ts';
import { type Clock, systemClock } from './clock.ts';
import { composeEngine, type EngineOptions } from './compose-engine.ts';
import type { Engine } from './engine.ts';
import { onceAMinute } from './identity/once-a-minute.ts';
import { SecretSeal } from './identity/secret-seal.ts';
import { InProcessJobQueue } from './queue/in-process-job-queue.ts';
import { openMeasuredStorage } from './storage/open-measured-storage.ts';
import { rememberStorageUnit } from './storage/remembered-storage-unit.ts';

export type EmbeddedEngineOptions = EngineOptions & {
  /** Holds the catalogue; made when it does not exist, held by one process at a time. */
  readonly dataDirectory: string;
  /** What this process was started as, such as `backup-sync sync`: told to whoever finds the data directory held. */
  readonly command?: string | undefined;
  /** The buckets of this data directory's records lie there now: else only the storage unit of its first opening is taken. */
  readonly storageMoved?: boolean | undefined;
  /** Seals the secrets of access keys: 32 bytes in base64; a file of the data directory where it is not said. */
  readonly secretKey?: string | undefined;
  readonly clock?: Clock;
  /** Brings a data directory of an older release up to date, behind a copy of its database; true unless it is said. */
  readonly mayMigrate?: boolean;
  /** Makes the catalogue if there is none, instead of throwing `NoCatalogueError`; true unless it is said. */
  readonly mayMake?: boolean;
  /** Told once that the files of the data directory were moved or removed: nothing can be kept any more. */
  readonly onDataDirectoryGone?: (error: Error) => void;
};

/**
 * The embedded engine: catalogue in a directory, queue in this process. Takes up what an earlier process left.
 *
 * Throws what `openSqliteCatalogue` does, `StorageSpecificationError`, `OtherStorageUnitError` or what the storage unit
 * says.
 */
export async function openEmbeddedEngine(options: EmbeddedEngineOptions): Promise<Engine> {
  try {
    return await open(options);
  } catch (error) {
    throw orCatalogueFull(error, options.dataDirectory);
  }
}

async function open(options: EmbeddedEngineOptions): Promise<Engine> {
  const { clock = systemClock, command, mayMigrate, mayMake, onDataDirectoryGone } = options;
  await using opening = new AsyncDisposableStack();
  const measured = await openMeasuredStorage(options, clock, options.onNotice);
  opening.use(measured.unit);
  const { openSqliteCatalogue } = await import('./catalogue/sqlite/open-sqlite-catalogue.ts');
  const catalogue = opening.use(
    await openSqliteCatalogue({
      directory: options.dataDirectory,
      ...(command !== undefined && { command }),
      ...(mayMigrate !== undefined && { mayMigrate }),
      ...(mayMake !== undefined && { mayMake }),
      ...(onDataDirectoryGone !== undefined && { onGone: onDataDirectoryGone }),
    }),
  );
  rememberStorageUnit(options.dataDirectory, options.storage, { moved: options.storageMoved === true });
  const listSealed = () => catalogue.identity.listSealedSecrets();
  const seal = SecretSeal.open(options.secretKey ?? null, options.dataDirectory, listSealed);
  return await composeEngine(
    {
      opened: opening.move(),
      catalogue,
      storage: measured.unit,
      rateOf: measured.rateOf,
      openQueue: (queue) => new InProcessJobQueue(queue),
      seal,
    },
    { ...options, onFault: tellOnce(options.onFault, clock) },
    clock,
    readingThreads(options),
  );
}

/**
 * Tells of faults, but of a full disk once a minute, and not that the data directory is gone: all work meets the same,
 * and the latter is told by `onDataDirectoryGone`.
 */
function tellOnce(onFault: EmbeddedEngineOptions['onFault'], clock: Clock): EmbeddedEngineOptions['onFault'] {
  const tellOfDisk = onceAMinute(clock, (error) => onFault('the catalogue', error));
  return (place, error) => {
    const cause = error instanceof BackupSyncError && error.cause instanceof Error ? error.cause : error;
    const name = cause instanceof Error ? cause.name : '';
    if (name === 'CatalogueFullError') tellOfDisk(cause);
    else if (name !== 'DataDirectoryGoneError') onFault(place, error);
  };
}

/**
 * A server reads each backup in one thread. Two verifications run at once, each thread takes about 40 MiB, and a server
 * must stay below 300 MiB.
 */
function readingThreads({ runsSources = false }: EmbeddedEngineOptions): number {
  return runsSources ? 1 : availableParallelism();
}
