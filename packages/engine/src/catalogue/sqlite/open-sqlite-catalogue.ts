import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { startThread } from '../../start-thread.ts';
import { type Ask, assembleCatalogue } from '../assemble-catalogue.ts';
import type { CallEvent } from '../audit-records.ts';
import type { Catalogue } from '../catalogue.ts';
import { CatalogueUnavailableError } from '../catalogue-errors.ts';
import { EventBell } from '../event-bell.ts';
import type { Fence } from '../fence.ts';
import type { DueWork } from '../operation-records.ts';
import { dueOf } from '../run-step.ts';
import { type StepInput, type StepName, type StepOutput, steps } from '../steps.ts';
import { connect } from './connection.ts';
import {
  type DataDirectory,
  DataDirectoryError,
  findDatabase,
  holdDataDirectory,
  refuseUnfinishedRestore,
} from './data-directory.ts';
import { checkFreeSpace, orCatalogueFull } from './full-disk.ts';
import { DataDirectoryGoneError, type HeldFiles } from './held-files.ts';
import type { ThreadData } from './messages.ts';
import { refuseMoved } from './move-mark.ts';
import { showLeftAsWaiting } from './show-left-as-waiting.ts';
import type { StepRunner } from './step-runner.ts';
import { StepThread } from './step-thread.ts';
import { LazySteps, StepsInPlace } from './steps-in-place.ts';
import { checkSchema, emptyCatalogue, upgrade } from './upgrade.ts';

/** Milliseconds between two checks of an idle process whether its data directory is gone. */
const lookEveryMs = 1_000;

/**
 * Opens the catalogue in a data directory, and holds the directory until it is closed. Creates the directory if needed.
 *
 * Throws:
 * - `DataDirectoryInUseError` if this process or another holds the directory already,
 * - `NoCatalogueError` if there is no catalogue and none may be created,
 * - `NewerSchemaError` if a newer release wrote it,
 * - `OlderSchemaError` if an older release wrote it and it may not be migrated,
 * - `CatalogueFullError` if its disk is full,
 * - `CatalogueMovedError` if the catalogue was moved to PostgreSQL, or its move is not finished,
 * - `DataDirectoryError` if the directory cannot be used or its database is damaged.
 *
 * A call of the opened catalogue rejects with `CatalogueUnavailableError` once the catalogue is closed or one of its
 * threads has ended. It rejects with `CatalogueFullError` if the disk is full, and with `DataDirectoryGoneError` if its
 * files are no longer at their paths.
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
  /** The command this process was started as, for the error of a process that finds the directory in use. */
  readonly command?: string | null;
  /** Upgrades an older schema, after making a copy of the database; see {@link upgrade}. Otherwise throws. */
  readonly mayMigrate?: boolean;
  /** Creates the directory and its database if there is none. Otherwise throws. */
  readonly mayMake?: boolean;
  /** Called once, within a second, when the files are no longer at their paths. For a process that keeps running. */
  readonly onGone?: (error: DataDirectoryGoneError) => void;
  /**
   * Runs steps on the calling thread, see {@link StepsInPlace}. Otherwise writes, short reads and long reads have a
   * thread each.
   */
  readonly inPlace?: boolean;
}): Promise<Catalogue> {
  if (!mayMake) findDatabase(directory);
  const held = hold(directory, command);
  try {
    refuseMoved(held.path);
    refuseUnfinishedRestore(held.path);
    return inPlace ? await openInPlace(held, mayMigrate) : await openWithThreads(held, mayMigrate, onGone);
  } catch (error) {
    held.release();
    throw whyNotOpened(error, held.databasePath);
  }
}

/**
 * Opens the catalogue of a data directory for a process that only reads, while another process may hold the directory
 * and write. Creates and migrates nothing.
 *
 * Operations that a killed process has left running are shown as waiting. Necessary writes, such as a refusal in the
 * audit, use a second connection that is opened for them.
 *
 * Throws the same as {@link openSqliteCatalogue}, but never `DataDirectoryInUseError`, and `NoCatalogueError` if there
 * is no catalogue.
 */
export async function openSqliteCatalogueToRead(directory: string): Promise<Catalogue> {
  const databasePath = findDatabase(directory);
  refuseMoved(directory);
  await using opening = new AsyncDisposableStack();
  try {
    // SQLite creates no WAL for such a file, and without one the connection would take the files for removed.
    if (statSync(databasePath).size === 0) throw emptyCatalogue(databasePath);
    const connection = connect(databasePath, 'query');
    const reader = opening.adopt(new StepsInPlace(connection), (steps) => steps.close());
    checkSchema(connection);
    showLeftAsWaiting(connection, directory);
    const writer = opening.adopt(new LazySteps(() => new StepsInPlace(connect(databasePath, 'write'))), (steps) =>
      steps.close(),
    );
    const opened = opening.move();
    const runners = { write: writer, shortRead: reader, longRead: reader };
    return assemble(dirname(databasePath), runners, { othersWrite: true, close: () => opened.disposeAsync() });
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
  const close = async () => {
    await runner.close();
    held.release();
  };
  const runners = { write: runner, shortRead: runner, longRead: runner };
  return assemble(held.path, runners, { othersWrite: false, close });
}

async function openWithThreads(
  held: DataDirectory,
  mayMigrate: boolean,
  onGone: ((error: DataDirectoryGoneError) => void) | undefined,
): Promise<Catalogue> {
  const path = held.databasePath;
  // The threads load while the schema is checked and upgraded. They open the database with their first step.
  const writer = startStepThread({ path, access: 'write' });
  const shortReader = startStepThread({ path, access: 'read' });
  const longReader = startStepThread({ path, access: 'read' });
  const closeThreads = async () => {
    // The writing connection closes last, so that it leaves one complete file behind.
    await Promise.all([shortReader.close(), longReader.close()]);
    await writer.close();
  };
  let look: NodeJS.Timeout | undefined;
  try {
    const first = connect(path, 'write');
    try {
      await upgrade(first, { mayMigrate });
      if (onGone !== undefined) look = lookForFiles([held.files, first.files], onGone);
      // The first connection stays open until here, so that the reading ones find the WAL files in place.
      await Promise.all([writer, shortReader, longReader].map((thread) => thread.call('ping', [], null, null)));
    } finally {
      first.sqlite.close();
    }
  } catch (error) {
    clearInterval(look);
    await closeThreads();
    throw error;
  }
  const close = async () => {
    clearInterval(look);
    await closeThreads();
    held.release();
  };
  const runners = { write: writer, shortRead: shortReader, longRead: longReader };
  return assemble(held.path, runners, { othersWrite: false, close });
}

/** Checks regularly, even if no step is called, that the paths still lead to the open files. */
function lookForFiles(files: readonly HeldFiles[], onGone: (error: DataDirectoryGoneError) => void): NodeJS.Timeout {
  const timer = setInterval(() => {
    try {
      for (const each of files) each.check();
    } catch (error) {
      // Other errors of the file system do not prove that the files are gone.
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

/** The runners, by how steps use the database. A long read must not keep short ones waiting. */
type Runners = { readonly write: StepRunner; readonly shortRead: StepRunner; readonly longRead: StepRunner };

function runnerOf(name: StepName, { write, shortRead, longRead }: Runners): StepRunner {
  if (steps[name].access === 'write') return write;
  return 'isLong' in steps[name] ? longRead : shortRead;
}

function assemble(
  path: string,
  runners: Runners,
  { othersWrite, close }: { readonly othersWrite: boolean; readonly close: () => Promise<void> },
): Catalogue {
  let closed: Promise<void> | null = null;
  const bell = new EventBell({ othersWrite });
  let queue: (due: DueWork) => void = () => {};
  const ask: Ask = async <Name extends StepName>(
    name: Name,
    input: StepInput<Name>,
    event: CallEvent | null,
    fence: Fence | null,
  ) => {
    if (closed !== null) throw new CatalogueUnavailableError('The catalogue is closed.');
    const answer: StepOutput<Name> = await runnerOf(name, runners).call(name, input, event, fence);
    // After a large transaction has failed, the WAL still has room for a few small ones, so the write of `touch` alone
    // proves little.
    if (name === 'touch') checkFreeSpace(path);
    if ('notesTransitions' in steps[name]) bell.ring();
    for (const due of dueOf(name, answer, input)) queue(due);
    return answer;
  };
  return assembleCatalogue(ask, {
    onEvents: bell.onEvents,
    onDue: (listener) => {
      queue = listener;
    },
    [Symbol.asyncDispose]: () => {
      closed ??= close();
      return closed;
    },
  });
}
