import { BackupSyncError, type UnaryCallName } from '@backup-sync/contracts';
import { v7 as uuidv7 } from 'uuid';
import { listAccessKeys } from './calls/access-keys.ts';
import { listAuditEvents } from './calls/audit-events.ts';
import { listBackups, showBackup } from './calls/backups.ts';
import { listBucketGrants } from './calls/bucket-grants.ts';
import { showCaller } from './calls/callers.ts';
import { listOperationLogs, showOperationLog } from './calls/operation-logs.ts';
import { listOperations, showOperation } from './calls/operations.ts';
import { listPlanItems } from './calls/plans.ts';
import { listProjects } from './calls/projects.ts';
import { listResources } from './calls/resources.ts';
import { listScanFindings } from './calls/scans.ts';
import { listSources, showSource } from './calls/sources.ts';
import { listUsers } from './calls/users.ts';
import { watchOperations } from './calls/watch-operations.ts';
import { DataDirectoryInUseError, findHolder, holdDataDirectory } from './catalogue/sqlite/data-directory.ts';
import { orCatalogueFull } from './catalogue/sqlite/full-disk.ts';
import { openSqliteCatalogueToRead, type SqliteCatalogue } from './catalogue/sqlite/open-sqlite-catalogue.ts';
import { isCatalogueFault } from './catalogue-refusal.ts';
import { type Clock, systemClock } from './clock.ts';
import { type CallHandlers, Engine } from './engine.ts';
import { EmbeddedIdentity } from './identity/embedded-identity.ts';
import type { KeystoneOptions } from './identity/keystone/keystone-options.ts';
import type { Identity, OperatorIdentity } from './identity/port.ts';
import { SecretSeal } from './identity/secret-seal.ts';
import { Backlog, defaultBacklogMax } from './imports/backlog.ts';
import { defaultRetryForMs } from './operations/retry.ts';
import { StoredTimes } from './operations/stored-times.ts';
import { chainsAtOnce } from './queue/chains-at-once.ts';
import type { JobQueue } from './queue/port.ts';
import type { Services } from './services.ts';
import type { StorageOptions } from './storage/open-measured-storage.ts';
import type { OutageStore, Outages } from './storage/outage.ts';
import type { StorageUnit } from './storage/port.ts';

export { findHolder, type Holder } from './catalogue/sqlite/data-directory.ts';
export { listCopies } from './catalogue/sqlite/upgrade.ts';

/** The verbs that are answered from the catalogue alone. */
const verbs = {
  showCaller,
  listBackups,
  showBackup,
  listOperationLogs,
  showOperationLog,
  listOperations,
  showOperation,
  listResources,
  listScanFindings,
  listPlanItems,
  listSources,
  showSource,
  listUsers,
  listProjects,
  listBucketGrants,
  listAccessKeys,
  listAuditEvents,
} satisfies Partial<CallHandlers>;

export type CatalogueQuery = keyof typeof verbs;

/**
 * Opens the embedded engine's catalogue for a process that asks a few questions and ends, while another process may hold
 * the data directory. It takes a fraction of the time: no thread is started, no storage is opened, and nothing is worked
 * on. What waits goes on waiting.
 *
 * Throws `NoCatalogueError` if there is none, and `OlderSchemaError` if an older release wrote it: it makes
 * nothing and never migrates.
 */
export function openCatalogueReader(options: CatalogueReaderOptions): Promise<Engine<CatalogueQuery>> {
  return openReader(options, verbs);
}

/** As {@link openCatalogueReader}, for a process that plans as well, and looks at storage for that. */
export async function openCatalogueToPlan({
  storage,
  ...options
}: CatalogueReaderOptions & { readonly storage: StorageOptions }): Promise<Engine<CatalogueQuery | 'planSync'>> {
  const [{ planSync }, { openMeasuredStorage }] = await Promise.all([
    import('./calls/plans.ts'),
    import('./storage/open-measured-storage.ts'),
  ]);
  const { unit, rateOf } = await openMeasuredStorage(storage, options.clock ?? systemClock);
  return openReader(options, { ...verbs, planSync }, { storage: unit, rateOf, chainsAtOnce });
}

type CatalogueReaderOptions = {
  readonly dataDirectory: string;
  /** As of the embedded engine. */
  readonly secretKey?: string | undefined;
  readonly keystone?: KeystoneOptions | undefined;
  readonly clock?: Clock;
};

async function openReader<Names extends UnaryCallName>(
  options: CatalogueReaderOptions,
  verbs: CallHandlers<Names>,
  lookingAtStorage: Pick<Services, 'storage' | 'rateOf' | 'chainsAtOnce'> = closed,
): Promise<Engine<Names>> {
  const clock = options.clock ?? systemClock;
  await using opening = new AsyncDisposableStack();
  opening.use(lookingAtStorage.storage);
  const stopping = new AbortController();
  opening.defer(() => stopping.abort(new BackupSyncError('unavailable', 'the command is stopping')));
  const stores = opening.use(await openSqliteCatalogueToRead(options.dataDirectory));
  await releaseLeft(options.dataDirectory, stores, clock);
  const seal = SecretSeal.open(options.secretKey ?? null, options.dataDirectory, refuse);
  const services: Services = {
    ...stores,
    outsideIdentity: options.keystone?.url ?? null,
    seal,
    storageProbe: { storage: '', probe: refuse },
    ...lookingAtStorage,
    queue: noQueue,
    outages: await readOutages(stores.outageStore),
    retryForMs: defaultRetryForMs,
    backlog: new Backlog(stores.catalogue, clock, { max: defaultBacklogMax, jobsAtOnce: 0 }),
    stopping: stopping.signal,
    clock,
    // Whoever works here follows the clock.
    storedTimes: new StoredTimes({ followClock: async () => {} }, clock),
    linkageMaxBytes: 0,
    newId: uuidv7,
  };
  const embedded = await EmbeddedIdentity.open({
    store: stores.identityStore,
    auditLog: stores.auditLog,
    seal,
    clock,
    newId: uuidv7,
    onFault: refuse,
  });
  let identity: Identity & OperatorIdentity = embedded;
  if (options.keystone !== undefined) {
    const { KeystoneIdentity } = await import('./identity/keystone/keystone-identity.ts');
    // A command that asks the catalogue looks at no token.
    identity = new KeystoneIdentity(embedded, options.keystone, clock, refuse);
  }
  const owned = opening.move();
  return new Engine({ services, verbs, streams: { watchOperations }, identity, release: () => owned.disposeAsync() });
}

/**
 * Makes wait again what a killed process left running: it is not to be shown as running while nobody works on it. Holds
 * the data directory for that, and writes to it, only if there is such an operation.
 */
async function releaseLeft(
  directory: string,
  { catalogue, taskStore }: Pick<SqliteCatalogue, 'catalogue' | 'taskStore'>,
  clock: Clock,
): Promise<void> {
  if (findHolder(directory) !== null || !(await catalogue.isAnythingRunning())) return;
  try {
    const held = holdDataDirectory(directory);
    try {
      await catalogue.releaseUnfinished(null, clock.nowMs());
      await taskStore.releaseTasks(null, clock.nowMs());
    } finally {
      held.release();
    }
  } catch (error) {
    // Someone has begun to work here, or the disk is full: neither hinders a question.
    const known = orCatalogueFull(error, directory);
    if (!(known instanceof DataDirectoryInUseError) && !isCatalogueFault(known)) throw error;
  }
}

/** As they were left: nobody looks at the buckets here. */
async function readOutages(store: OutageStore): Promise<Outages> {
  const outages = await store.listOutages();
  return {
    of: (storageUnitId, bucketName) =>
      outages.find((each) => each.storageUnitId === storageUnitId && each.bucketName === bucketName) ?? null,
  };
}

function refuse(): never {
  throw new Error('a query of the catalogue has asked for storage, for work to be done, or for a token');
}

const closedStorage: StorageUnit = {
  id: 'default',
  list: refuse,
  listFolders: refuse,
  get: refuse,
  head: refuse,
  admit: refuse,
  async [Symbol.asyncDispose]() {},
};
const closed = { storage: closedStorage, rateOf: refuse, chainsAtOnce: 0 };
const noQueue: JobQueue = { add: refuse, async [Symbol.asyncDispose]() {} };
