import { BackupSyncError, type UnaryCallName } from '@backup-sync/contracts';
import { v7 as uuidv7 } from 'uuid';
import { RefusalLimit } from './audit/refusal-limit.ts';
import { listAccessKeys } from './calls/access-keys.ts';
import { listAuditEvents } from './calls/audit-events.ts';
import { listBackups, listVerifications, showBackup } from './calls/backups.ts';
import { listBucketGrants } from './calls/bucket-grants.ts';
import type { CallHandlers } from './calls/call-context.ts';
import { showCaller } from './calls/callers.ts';
import { listHookDeliveries, listHooks } from './calls/hooks.ts';
import { listNodes } from './calls/nodes.ts';
import { listOperationLogs, showOperationLog } from './calls/operation-logs.ts';
import { countOperationDays, listOperations, showOperation } from './calls/operations.ts';
import { listPlanItems } from './calls/plans.ts';
import { listProjects } from './calls/projects.ts';
import { listResources, showStanding } from './calls/resources.ts';
import { listScanFindings } from './calls/scans.ts';
import { listSources, showSource } from './calls/sources.ts';
import { listUsers } from './calls/users.ts';
import { watchOperations } from './calls/watch-operations.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import type { DatabaseAddress } from './catalogue/postgres/database-address.ts';
import { openSqliteCatalogueToRead } from './catalogue/sqlite/open-sqlite-catalogue.ts';
import { type Clock, systemClock } from './clock.ts';
import { Engine, type EngineServices } from './engine.ts';
import { EmbeddedIdentity } from './identity/embedded-identity.ts';
import type { KeystoneOptions } from './identity/keystone/keystone-options.ts';
import type { Identity, OperatorIdentity, SessionIdentity } from './identity/port.ts';
import { SecretSeal } from './identity/secret-seal.ts';
import { TokenAudit } from './identity/token-audit.ts';
import { noLog } from './log-events.ts';
import { chainsAtOnce } from './queue/chains-at-once.ts';
import type { QueryServices } from './services.ts';
import type { StorageOptions } from './storage/open-measured-storage.ts';
import { noTrustedRoots, type TrustedRoots } from './trusted-roots.ts';

export { findHolder, type Holder } from './catalogue/sqlite/data-directory.ts';
export { listCopies } from './catalogue/sqlite/upgrade.ts';

/** The calls that need only the catalogue. */
const queries = {
  showCaller,
  listBackups,
  showBackup,
  listVerifications,
  listOperationLogs,
  showOperationLog,
  listOperations,
  showOperation,
  countOperationDays,
  listResources,
  showStanding,
  listScanFindings,
  listPlanItems,
  listSources,
  showSource,
  listUsers,
  listProjects,
  listBucketGrants,
  listAccessKeys,
  listAuditEvents,
  listNodes,
  listHooks,
  listHookDeliveries,
} satisfies Partial<CallHandlers<UnaryCallName, QueryServices>>;

export type CatalogueQuery = keyof typeof queries;

type CatalogueReaderOptions = {
  /** A data directory, or a PostgreSQL database. */
  readonly place: string | DatabaseAddress;
  readonly keystone?: KeystoneOptions | undefined;
  readonly clock?: Clock;
};

/**
 * Opens a catalogue for a few queries, even while other processes use it. This takes a fraction of the time: no thread
 * starts, no storage opens, and waiting operations keep waiting.
 *
 * Never creates or migrates a catalogue. Throws `NoCatalogueError` if a data directory has none, `OlderSchemaError` if an
 * older release wrote it, and `DatabaseError` if the database cannot be used.
 */
export async function openCatalogueReader(options: CatalogueReaderOptions): Promise<Engine<CatalogueQuery>> {
  const { services, identity, release } = await openToAsk(options);
  return Engine.over({ services, handlers: queries, streams: { watchOperations }, identity, release });
}

/** Like {@link openCatalogueReader}, but also opens storage to answer `planSync`. The roots are those of a sync. */
export async function openCatalogueToPlan({
  storage: storageOptions,
  trustedRoots = noTrustedRoots,
  ...options
}: CatalogueReaderOptions & {
  readonly storage: StorageOptions;
  readonly trustedRoots?: TrustedRoots | undefined;
}): Promise<Engine<CatalogueQuery | 'planSync'>> {
  const [{ planSync }, { openMeasuredStorage }] = await Promise.all([
    import('./calls/plan-sync.ts'),
    import('./storage/open-measured-storage.ts'),
  ]);
  await using opening = new AsyncDisposableStack();
  const { unit: storage, rateOf } = await openMeasuredStorage(storageOptions, options.clock ?? systemClock);
  opening.use(storage);
  const { services, identity, release } = await openToAsk(options);
  opening.defer(release);
  const owned = opening.move();
  return Engine.over({
    services: {
      ...services,
      work: { storage, rateOf, chainsAtOnce, linkageMaxBytes: 0, trustedRoots: () => trustedRoots },
    },
    handlers: { ...queries, planSync },
    streams: { watchOperations },
    identity,
    release: () => owned.disposeAsync(),
  });
}

/** Opens what a process needs that only reads the catalogue. */
async function openToAsk(options: CatalogueReaderOptions): Promise<{
  readonly services: EngineServices;
  readonly identity: Identity & OperatorIdentity & SessionIdentity;
  readonly release: () => Promise<void>;
}> {
  const clock = options.clock ?? systemClock;
  await using opening = new AsyncDisposableStack();
  const stopping = new AbortController();
  const catalogue = opening.use(await openToRead(options.place));
  opening.defer(() => stopping.abort(new BackupSyncError('unavailable', 'the command is stopping')));
  const seal = SecretSeal.refusing(refuse);
  const outsideIdentity = options.keystone?.url ?? null;
  const world = {
    clock,
    newId: uuidv7,
    log: noLog,
    stopping: stopping.signal,
    outsideIdentity,
    ownNode: null,
    seal,
    meter: null,
  };
  const embedded = await EmbeddedIdentity.open({ catalogue, seal, clock, newId: uuidv7, onFault: refuse });
  let identity: Identity & OperatorIdentity & SessionIdentity = embedded;
  if (options.keystone !== undefined) {
    const { KeystoneIdentity } = await import('./identity/keystone/keystone-identity.ts');
    // A command that only reads the catalogue checks no token.
    identity = new KeystoneIdentity(embedded, options.keystone, clock, {
      audit: new TokenAudit(catalogue, clock, uuidv7),
      refusals: new RefusalLimit(clock),
      guesses: { begin: async () => refuse() },
      onFault: refuse,
    });
  }
  const owned = opening.move();
  return { services: { catalogue, world }, identity, release: () => owned.disposeAsync() };
}

async function openToRead(place: string | DatabaseAddress): Promise<Catalogue> {
  if (typeof place === 'string') return await openSqliteCatalogueToRead(place);
  const [{ checkDatabase }, { openPostgresCatalogue }, { enqueue }] = await Promise.all([
    import('./catalogue/postgres/check-database.ts'),
    import('./catalogue/postgres/open-postgres-catalogue.ts'),
    import('./queue/pg-boss/jobs.ts'),
  ]);
  await checkDatabase(place);
  return openPostgresCatalogue({ url: place.url, storeJobs: enqueue }).catalogue;
}

function refuse(): never {
  throw new Error('a query of the catalogue needed a token or a sealed secret');
}
