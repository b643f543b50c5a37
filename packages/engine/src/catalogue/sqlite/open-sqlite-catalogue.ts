import { dirname } from 'node:path';
import type { AuditLog } from '../../audit/audit-log.ts';
import type { IdentityDirectory } from '../../identity/directory.ts';
import type { GrantStore } from '../../identity/grants.ts';
import type { IdentityStore } from '../../identity/store.ts';
import { startThread } from '../../start-thread.ts';
import type { OutageStore } from '../../storage/outage.ts';
import { EventBell } from '../event-bell.ts';
import type { EventStore } from '../event-port.ts';
import { signerOf } from '../identity-steps/access-keys.ts';
import type { KnownBackups } from '../known-backup-port.ts';
import type { Catalogue } from '../port.ts';
import type { SourceStore } from '../source-port.ts';
import { type StepInput, type StepName, type StepOutput, steps } from '../steps.ts';
import type { TaskStore } from '../task-port.ts';
import { connect } from './connection.ts';
import { type DataDirectory, DataDirectoryError, findDatabase, holdDataDirectory } from './data-directory.ts';
import { checkFreeSpace, orCatalogueFull } from './full-disk.ts';
import { DataDirectoryGoneError, type HeldFiles } from './held-files.ts';
import type { ThreadData } from './messages.ts';
import type { StepRunner } from './step-runner.ts';
import { CatalogueUnavailableError, StepThread } from './step-thread.ts';
import { LazySteps, StepsInPlace } from './steps-in-place.ts';
import { checkSchema, upgrade } from './upgrade.ts';

/** Milliseconds after which an idle process notices that its data directory is gone. */
const lookEveryMs = 1_000;

/** The catalogue and the identity of a data directory. Disposing of it, or of `catalogue`, closes both. */
export type SqliteCatalogue = AsyncDisposable & {
  readonly catalogue: Catalogue;
  readonly taskStore: TaskStore;
  readonly outageStore: OutageStore;
  readonly events: EventStore;
  readonly knownBackups: KnownBackups;
  readonly sourceStore: SourceStore;
  readonly identityStore: IdentityStore;
  readonly directory: IdentityDirectory;
  readonly grantStore: GrantStore;
  readonly auditLog: AuditLog;
};

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
}): Promise<SqliteCatalogue> {
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
 * Makes nothing, and migrates nothing. What is written all the same, such as a refusal in the audit, goes over a second
 * connection, which is opened for it.
 *
 * Throws as {@link openSqliteCatalogue}, but `NoCatalogueError` if there is none, and never `DataDirectoryInUseError`.
 */
export async function openSqliteCatalogueToRead(directory: string): Promise<SqliteCatalogue> {
  const databasePath = findDatabase(directory);
  await using opening = new AsyncDisposableStack();
  try {
    const connection = connect(databasePath, 'query');
    const reader = opening.adopt(new StepsInPlace(connection), (steps) => steps.close());
    checkSchema(connection);
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

async function openInPlace(held: DataDirectory, mayMigrate: boolean): Promise<SqliteCatalogue> {
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
): Promise<SqliteCatalogue> {
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
      await Promise.all([writer, shortReader, longReader].map((thread) => thread.call('ping', [])));
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

function assemble(path: string, runners: Runners, close: () => Promise<void>): SqliteCatalogue {
  let closed: Promise<void> | null = null;
  const dispose = () => {
    closed ??= close();
    return closed;
  };
  const bell = new EventBell();
  const step =
    <Name extends StepName>(name: Name) =>
    async (...input: StepInput<Name>): Promise<StepOutput<Name>> => {
      if (closed !== null) throw new CatalogueUnavailableError('The catalogue is closed.');
      const answer = await runnerOf(name, runners).call(name, input);
      if ('notesTransitions' in steps[name]) bell.ring();
      return answer;
    };

  const catalogue: Catalogue = {
    accept: step('accept'),
    startChain: step('startChain'),
    startChildren: step('startChildren'),
    finishImport: step('finishImport'),
    retryImport: step('retryImport'),
    retryOfChain: step('retryOfChain'),
    cancelImport: step('cancelImport'),
    cancelledImports: step('cancelledImports'),
    endOverdueWaits: step('endOverdueWaits'),
    countBacklog: step('countBacklog'),
    recordVerdict: step('recordVerdict'),
    releaseUnfinished: step('releaseUnfinished'),
    isAnythingRunning: step('isAnythingRunning'),
    followClock: step('followClock'),
    deleteBackup: step('deleteBackup'),
    renameBackup: step('renameBackup'),
    showBackup: step('showBackup'),
    overdueWaits: step('overdueWaits'),
    locateBackup: step('locateBackup'),
    projectBuckets: step('projectBuckets'),
    listBackups: step('listBackups'),
    listResources: step('listResources'),
    retireResource: step('retireResource'),
    showOperation: step('showOperation'),
    listOperationLogs: step('listOperationLogs'),
    listOperations: step('listOperations'),
    findProofs: step('findProofs'),
    provedListing: step('provedListing'),
    ping: step('ping'),
    touch: async () => {
      await step('touch')();
      // A large transaction that failed leaves room in the WAL for a few small ones.
      checkFreeSpace(path);
    },
    [Symbol.asyncDispose]: dispose,
  };
  const taskStore: TaskStore = {
    addTask: step('addTask'),
    joinTask: step('joinTask'),
    startTask: step('startTask'),
    retryTask: step('retryTask'),
    retryOfTask: step('retryOfTask'),
    saveTaskProgress: step('saveTaskProgress'),
    addFindings: step('addFindings'),
    finishTask: step('finishTask'),
    finishListing: step('finishListing'),
    endOverdueRuns: step('endOverdueRuns'),
    cancelTask: step('cancelTask'),
    releaseTasks: step('releaseTasks'),
    showTask: step('showTask'),
    listFindings: step('listFindings'),
  };
  const outageStore: OutageStore = {
    saveOutage: step('saveOutage'),
    endOutage: step('endOutage'),
    listOutages: step('listOutages'),
  };
  const knownBackups: KnownBackups = {
    knownAtPlaces: step('knownAtPlaces'),
    recordedBelow: step('recordedBelow'),
    knownChildren: step('knownChildren'),
    knownByIds: step('knownByIds'),
  };
  const events: EventStore = {
    newestCursor: step('newestCursor'),
    listEvents: step('listEvents'),
    onEvents: bell.onEvents,
  };
  const sourceStore: SourceStore = {
    addSource: step('addSource'),
    planSource: step('planSource'),
    updateSource: step('updateSource'),
    removeSource: step('removeSource'),
    startRun: step('startRun'),
    noteSightings: step('noteSightings'),
    closeListing: step('closeListing'),
    hold: step('hold'),
    release: step('release'),
    markVanished: step('markVanished'),
    keepMembers: step('keepMembers'),
    awaitImports: step('awaitImports'),
    startVerifications: step('startVerifications'),
    listSources: step('listSources'),
    showSource: step('showSource'),
    dueSources: step('dueSources'),
    nextRunAtMs: step('nextRunAtMs'),
    dueMembers: step('dueMembers'),
    heldMembers: step('heldMembers'),
    listErrors: step('listSourceErrors'),
    sourceRunsOf: step('sourceRunsOf'),
    contentsOf: step('contentsOf'),
    sourcesOfResources: step('sourcesOfResources'),
    contentsOfRun: step('contentsOfRun'),
  };
  const identityStore: IdentityStore = {
    begin: step('begin'),
    findOldestProject: step('findOldestProject'),
    addFirstAdministrator: step('addFirstAdministrator'),
    hasUsers: step('hasUsers'),
    findUser: step('findUser'),
    findProject: step('findProject'),
    findRole: step('findRole'),
    saveToken: step('saveToken'),
    findToken: step('findToken'),
    removeToken: step('removeToken'),
    findSigner: async (accessKey) => signerOf(await step('seekSigner')(accessKey)),
    listSealedSecrets: step('listSealedSecrets'),
  };
  const directory: IdentityDirectory = {
    addUser: step('addUser'),
    listUsers: step('listUsers'),
    showUser: step('showUser'),
    disableUser: step('disableUser'),
    enableUser: step('enableUser'),
    setPassword: step('setPassword'),
    removeUser: step('removeUser'),
    assignRole: step('assignRole'),
    withdrawRole: step('withdrawRole'),
    addProject: step('addProject'),
    listProjects: step('listProjects'),
    addAccessKey: step('addAccessKey'),
    listAccessKeys: step('listAccessKeys'),
    disableAccessKey: step('disableAccessKey'),
  };
  const grantStore: GrantStore = {
    addGrant: step('addGrant'),
    removeGrant: step('removeGrant'),
    listGrants: step('listGrants'),
  };
  const auditLog: AuditLog = {
    addIntent: step('addAuditIntent'),
    append: step('appendAuditEvent'),
    listIntents: step('listAuditIntents'),
    listEvents: step('listAuditEvents'),
  };
  return {
    catalogue,
    taskStore,
    outageStore,
    events,
    knownBackups,
    sourceStore,
    identityStore,
    directory,
    grantStore,
    auditLog,
    [Symbol.asyncDispose]: dispose,
  };
}
