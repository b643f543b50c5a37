import { availableParallelism, hostname } from 'node:os';
import { BackupSyncError } from '@backup-sync/contracts';
import { orCatalogueFull } from './catalogue/sqlite/full-disk.ts';
import { type Clock, systemClock } from './clock.ts';
import { composeEngine, type EngineOptions } from './compose-engine.ts';
import type { Engine } from './engine.ts';
import { onceAMinute } from './identity/once-a-minute.ts';
import { SecretSeal } from './identity/secret-seal.ts';
import { SoleHolder } from './nodes/lease-holder.ts';
import { InProcessJobQueue } from './queue/in-process-job-queue.ts';
import { noticesIn, openMeasuredStorage } from './storage/open-measured-storage.ts';
import { memoryInDirectory, rememberStorageUnit } from './storage/remembered-storage-unit.ts';

export type EmbeddedEngineOptions = EngineOptions & {
  /** Directory of the catalogue. Created if it does not exist, and locked by one process at a time. */
  readonly dataDirectory: string;
  /** The command of this process, such as `backup-sync sync`, shown to others who find the data directory locked. */
  readonly command?: string | undefined;
  /**
   * Accept that the recorded buckets have moved to `storage`. Otherwise only the storage unit of the first start is
   * accepted.
   */
  readonly storageMoved?: boolean | undefined;
  /** Key that seals the secrets of access keys, 32 bytes in base64 (default: a file in the data directory). */
  readonly secretKey?: string | undefined;
  readonly clock?: Clock;
  /** Migrate the data directory of an older release after copying its database (default true). */
  readonly mayMigrate?: boolean;
  /** Create a missing catalogue instead of throwing `NoCatalogueError` (default true). */
  readonly mayMake?: boolean;
  /** Called once if the files of the data directory were moved or removed: nothing can be stored any more. */
  readonly onDataDirectoryGone?: (error: Error) => void;
};

/**
 * Opens the embedded engine: the catalogue in a directory, the queue in this process. It resumes the operations that an
 * earlier process left.
 *
 * Throws the errors of `openSqliteCatalogue`, `StorageSpecificationError`, `OtherStorageUnitError`, or the errors of
 * opening the storage unit.
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
  const measured = await openMeasuredStorage(options, clock, noticesIn(options.log));
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
  const moved = options.storageMoved === true;
  await rememberStorageUnit(memoryInDirectory(options.dataDirectory), options.storage, { moved });
  const listSealed = () => catalogue.identity.listSealedSecrets();
  const seal = SecretSeal.open(options.secretKey ?? null, options.dataDirectory, listSealed);
  return await composeEngine(
    {
      opened: opening.move(),
      catalogue,
      storage: measured.unit,
      rateOf: measured.rateOf,
      openQueue: (queue) => new InProcessJobQueue(queue),
      openHolder: (holder) => new SoleHolder(holder),
      seal,
      node: {
        hostName: hostname(),
        pid: process.pid,
        version: options.version ?? '',
        serves: options.runsSources === true,
        works: true,
      },
    },
    { ...options, onFault: tellOnce(options.onFault, clock) },
    clock,
    readingThreads(options),
  );
}

/**
 * Passes on faults, but a full disk only once a minute, because all work meets it. A data directory that is gone is
 * left out: `onDataDirectoryGone` reports it.
 */
function tellOnce(onFault: EmbeddedEngineOptions['onFault'], clock: Clock): EmbeddedEngineOptions['onFault'] {
  const tellOfDisk = onceAMinute(clock, (error) => onFault('the catalogue', error));
  return (place, error, about) => {
    const cause = error instanceof BackupSyncError && error.cause instanceof Error ? error.cause : error;
    const name = cause instanceof Error ? cause.name : '';
    if (name === 'CatalogueFullError') tellOfDisk(cause);
    else if (name !== 'DataDirectoryGoneError') onFault(place, error, about);
  };
}

/**
 * Number of threads that read one backup. A server uses one: two verifications run at once, each thread takes about
 * 40 MiB, and a server must stay below 300 MiB.
 */
function readingThreads({ runsSources = false }: EmbeddedEngineOptions): number {
  return runsSources ? 1 : availableParallelism();
}
