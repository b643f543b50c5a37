import type { AuditLog } from '../../audit/audit-log.ts';
import type { IdentityDirectory } from '../../identity/directory.ts';
import type { GrantStore } from '../../identity/grants.ts';
import type { IdentityStore } from '../../identity/store.ts';
import { startThread } from '../../start-thread.ts';
import { EventBell } from '../event-bell.ts';
import type { EventStore } from '../event-port.ts';
import { signerOf } from '../identity-steps/access-keys.ts';
import type { KnownBackups } from '../known-backup-port.ts';
import { migrate } from '../migrate.ts';
import type { Catalogue } from '../port.ts';
import type { SourceStore } from '../source-port.ts';
import { type StepInput, type StepName, type StepOutput, steps } from '../steps.ts';
import type { TaskStore } from '../task-port.ts';
import { connect } from './connection.ts';
import { type DataDirectory, DataDirectoryError, holdDataDirectory } from './data-directory.ts';
import type { ThreadData } from './messages.ts';
import type { StepRunner } from './step-runner.ts';
import { CatalogueUnavailableError, StepThread } from './step-thread.ts';
import { StepsInPlace } from './steps-in-place.ts';

/** The catalogue and the identity of a data directory. Disposing of it, or of `catalogue`, closes both. */
export type SqliteCatalogue = AsyncDisposable & {
  readonly catalogue: Catalogue;
  readonly taskStore: TaskStore;
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
 * Throws `DataDirectoryInUseError` where the directory is held already, by this process or another, `NewerSchemaError`
 * where a newer release wrote it, and `DataDirectoryError` where it cannot be used or its database is damaged. A call of the opened catalogue rejects with
 * `CatalogueUnavailableError` once it is closed or a thread of it has ended.
 */
export async function openSqliteCatalogue({
  directory,
  inPlace = false,
}: {
  readonly directory: string;
  /** Steps run on this thread, see {@link StepsInPlace}; else writes, short reads and long reads have a thread each. */
  readonly inPlace?: boolean;
}): Promise<SqliteCatalogue> {
  const held = holdDataDirectory(directory);
  try {
    return inPlace ? await openInPlace(held) : await openWithThreads(held);
  } catch (error) {
    held.release();
    throw isSqliteError(error)
      ? new DataDirectoryError(`The catalogue ${held.databasePath} cannot be opened: ${error.message}.`, {
          cause: error,
        })
      : error;
  }
}

function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
}

async function openInPlace(held: DataDirectory): Promise<SqliteCatalogue> {
  const connection = connect(held.databasePath, 'write');
  try {
    await migrate(connection.database);
  } catch (error) {
    connection.sqlite.close();
    throw error;
  }
  const runner = new StepsInPlace(connection);
  return assemble({ write: runner, shortRead: runner, longRead: runner }, async () => {
    await runner.close();
    held.release();
  });
}

async function openWithThreads(held: DataDirectory): Promise<SqliteCatalogue> {
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
  try {
    const first = connect(path, 'write');
    try {
      await migrate(first.database);
      // Until here the first connection stays, so that those that only read find the WAL files in place.
      await Promise.all([writer, shortReader, longReader].map((thread) => thread.call('ping', [])));
    } finally {
      first.sqlite.close();
    }
  } catch (error) {
    await closeThreads();
    throw error;
  }
  return assemble({ write: writer, shortRead: shortReader, longRead: longReader }, async () => {
    await closeThreads();
    held.release();
  });
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

function assemble(runners: Runners, close: () => Promise<void>): SqliteCatalogue {
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
    recordVerdict: step('recordVerdict'),
    releaseUnfinished: step('releaseUnfinished'),
    deleteBackup: step('deleteBackup'),
    showBackup: step('showBackup'),
    overdueWaits: step('overdueWaits'),
    locateBackup: step('locateBackup'),
    projectBuckets: step('projectBuckets'),
    listBackups: step('listBackups'),
    listResources: step('listResources'),
    showOperation: step('showOperation'),
    listOperationLogs: step('listOperationLogs'),
    listOperations: step('listOperations'),
    findProofs: step('findProofs'),
    provedListing: step('provedListing'),
    ping: step('ping'),
    [Symbol.asyncDispose]: dispose,
  };
  const taskStore: TaskStore = {
    addTask: step('addTask'),
    startTask: step('startTask'),
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
  };
  const identityStore: IdentityStore = {
    begin: step('begin'),
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
