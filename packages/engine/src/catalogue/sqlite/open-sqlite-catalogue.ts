import { dirname } from 'node:path';
import { startThread } from '../../start-thread.ts';
import type { CallEvent } from '../audit-records.ts';
import type { Catalogue, Stores } from '../catalogue.ts';
import { EventBell } from '../event-bell.ts';
import { isDone } from '../run-step.ts';
import { type StepInput, type StepName, type StepOutput, steps, stores } from '../steps.ts';
import { connect } from './connection.ts';
import { type DataDirectory, DataDirectoryError, findDatabase, holdDataDirectory } from './data-directory.ts';
import { checkFreeSpace, orCatalogueFull } from './full-disk.ts';
import { DataDirectoryGoneError, type HeldFiles } from './held-files.ts';
import type { ThreadData } from './messages.ts';
import { showLeftAsWaiting } from './show-left-as-waiting.ts';
import type { StepRunner } from './step-runner.ts';
import { CatalogueUnavailableError, StepThread } from './step-thread.ts';
import { LazySteps, StepsInPlace } from './steps-in-place.ts';
import { checkSchema, upgrade } from './upgrade.ts';

/** Milliseconds after which an idle process notices that its data directory is gone. */
const lookEveryMs = 1_000;

/**
 * Opens the catalogue in a data directory, which is made if need be, and held until it is closed.
 *
 * Throws `DataDirectoryInUseError` if the directory is held already, by this process or another, `NoCatalogueError` if
 * there is none and none may be made, `NewerSchemaError` if a newer release wrote it, `OlderSchemaError` if an older one
 * did and it may not be migrated, `CatalogueFullError` if its disk is full, and `DataDirectoryError` if it cannot be used
 * or its database is damaged.
 *
 * A call of the opened catalogue rejects with `CatalogueUnavailableError` once it is closed or a thread of it has ended,
 * with `CatalogueFullError` if the disk is full, and with `DataDirectoryGoneError` if its files are no longer at their
 * paths.
 */
export async function openSqliteCatalogue({
  directory,
  command = null,
  inPlace = false,
  mayMigrate = true,
  mayMake = true,
  onGone,
}: {
  readonly directory: string;
  /** What this process was started as: told to whoever finds the directory held. */
  readonly command?: string | null;
  /** Brings an older schema up to date, behind a copy of the database; see {@link upgrade}. */
  readonly mayMigrate?: boolean;
  /** Makes the directory and its database if there is none. */
  readonly mayMake?: boolean;
  /** Told once, within a second, that the files are no longer at their paths. For a process that stays. */
  readonly onGone?: (error: DataDirectoryGoneError) => void;
  /** Steps run on this thread, see {@link StepsInPlace}; else writes, short reads and long reads have a thread each. */
  readonly inPlace?: boolean;
}): Promise<Catalogue> {
  if (!mayMake) findDatabase(directory);
  const held = hold(directory, command);
  try {
    return inPlace ? await openInPlace(held, mayMigrate) : await openWithThreads(held, mayMigrate, onGone);
  } catch (error) {
    held.release();
    throw whyNotOpened(error, held.databasePath);
  }
}

/**
 * Opens the catalogue of a data directory for a process that only asks, while another may hold the directory and write.
 * Makes nothing, and migrates nothing. What a killed process has left running is shown as waiting. What is written all the
 * same, such as a refusal in the audit, goes over a second connection, which is opened for it.
 *
 * Throws as {@link openSqliteCatalogue}, but `NoCatalogueError` if there is none, and never `DataDirectoryInUseError`.
 */
export async function openSqliteCatalogueToRead(directory: string): Promise<Catalogue> {
  const databasePath = findDatabase(directory);
  await using opening = new AsyncDisposableStack();
  try {
    const connection = connect(databasePath, 'query');
    const reader = opening.adopt(new StepsInPlace(connection), (steps) => steps.close());
    checkSchema(connection);
    showLeftAsWaiting(connection, directory);
    const writer = opening.adopt(new LazySteps(() => new StepsInPlace(connect(databasePath, 'write'))), (steps) =>
      steps.close(),
    );
    const opened = opening.move();
    return assemble(dirname(databasePath), { write: writer, shortRead: reader, longRead: reader }, () =>
      opened.disposeAsync(),
    );
  } catch (error) {
    throw whyNotOpened(error, databasePath);
  }
}

function whyNotOpened(thrown: unknown, databasePath: string): unknown {
  const error = orCatalogueFull(thrown, dirname(databasePath));
  if (!isSqliteError(error)) return error;
  return new DataDirectoryError(`The catalogue ${databasePath} cannot be opened: ${error.message}.`, { cause: error });
}

function hold(directory: string, command: string | null): DataDirectory {
  try {
    return holdDataDirectory(directory, command);
  } catch (error) {
    throw orCatalogueFull(error, directory);
  }
}

function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
}

async function openInPlace(held: DataDirectory, mayMigrate: boolean): Promise<Catalogue> {
  const connection = connect(held.databasePath, 'write');
  try {
    await upgrade(connection, { mayMigrate });
  } catch (error) {
    connection.sqlite.close();
    throw error;
  }
  const runner = new StepsInPlace(connection);
  return assemble(held.path, { write: runner, shortRead: runner, longRead: runner }, async () => {
    await runner.close();
    held.release();
  });
}

async function openWithThreads(
  held: DataDirectory,
  mayMigrate: boolean,
  onGone: ((error: DataDirectoryGoneError) => void) | undefined,
): Promise<Catalogue> {
  const path = held.databasePath;
  // The threads load while the schema is seen to; they open the database with their first step.
  const writer = startStepThread({ path, access: 'write' });
  const shortReader = startStepThread({ path, access: 'read' });
  const longReader = startStepThread({ path, access: 'read' });
  const closeThreads = async () => {
    // The connection that may write is the last to close: it leaves one whole file behind.
    await Promise.all([shortReader.close(), longReader.close()]);
    await writer.close();
  };
  let look: NodeJS.Timeout | undefined;
  try {
    const first = connect(path, 'write');
    try {
      await upgrade(first, { mayMigrate });
      if (onGone !== undefined) look = lookForFiles([held.files, first.files], onGone);
      // Until here the first connection stays, so that those that only read find the WAL files in place.
      await Promise.all([writer, shortReader, longReader].map((thread) => thread.call('ping', [], null)));
    } finally {
      first.sqlite.close();
    }
  } catch (error) {
    clearInterval(look);
    await closeThreads();
    throw error;
  }
  return assemble(held.path, { write: writer, shortRead: shortReader, longRead: longReader }, async () => {
    clearInterval(look);
    await closeThreads();
    held.release();
  });
}

/** Looks whether the paths still lead to the files that are open, also while nothing is asked. */
function lookForFiles(files: readonly HeldFiles[], onGone: (error: DataDirectoryGoneError) => void): NodeJS.Timeout {
  const timer = setInterval(() => {
    try {
      for (const each of files) each.check();
    } catch (error) {
      // Another error of the file system does not prove that they are gone.
      if (!(error instanceof DataDirectoryGoneError)) return;
      clearInterval(timer);
      onGone(error);
    }
  }, lookEveryMs);
  return timer.unref();
}

function startStepThread(data: ThreadData): StepThread {
  return new StepThread(startThread(import.meta.url, 'worker', data));
}

/** Where steps run, by how they use the database. One long read must not keep short ones waiting. */
type Runners = { readonly write: StepRunner; readonly shortRead: StepRunner; readonly longRead: StepRunner };

function runnerOf(name: StepName, { write, shortRead, longRead }: Runners): StepRunner {
  if (steps[name].access === 'write') return write;
  return 'isLong' in steps[name] ? longRead : shortRead;
}

function assemble(path: string, runners: Runners, close: () => Promise<void>): Catalogue {
  let closed: Promise<void> | null = null;
  const bell = new EventBell();
  const ask = async <Name extends StepName>(
    name: Name,
    input: StepInput<Name>,
    event: CallEvent | null,
  ): Promise<StepOutput<Name>> => {
    if (closed !== null) throw new CatalogueUnavailableError('The catalogue is closed.');
    const answer = await runnerOf(name, runners).call(name, input, event);
    if ('notesTransitions' in steps[name]) bell.ring();
    return answer;
  };
  const step =
    <Name extends StepName>(name: Name) =>
    (...input: StepInput<Name>): Promise<StepOutput<Name>> =>
      ask(name, input, null);
  const touch = step('touch');
  const ofSteps = mapStores(step);
  return {
    ...ofSteps,
    upkeep: {
      ...ofSteps.upkeep,
      touch: async () => {
        await touch();
        // A large transaction that failed leaves room in the WAL for a few small ones.
        checkFreeSpace(path);
      },
    },
    change: async (event, name, ...input) => {
      const answer = await ask(name, input, event);
      return { answer, isRecorded: isDone(name, answer, input) };
    },
    onEvents: bell.onEvents,
    [Symbol.asyncDispose]: () => {
      closed ??= close();
      return closed;
    },
  };
}

/** The stores, with what `step` makes of each of their steps. */
function mapStores(step: (name: StepName) => unknown): Stores {
  const ofStores = Object.entries(stores).map(([store, ofStore]) => [
    store,
    Object.fromEntries(Object.keys(ofStore).map((name) => [name, step(name as StepName)])),
  ]);
  // TypeScript cannot follow the names through the table.
  return Object.fromEntries(ofStores) as Stores;
}
