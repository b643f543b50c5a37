import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMigratedDatabase } from '../../testing/postgres-catalogue.ts';
import {
  backupFilter,
  makeAcceptance,
  makeChain,
  makeFinish,
  makeItem,
  makeProof,
  operationFilter,
} from '../fixtures-for-conformance.ts';
import { listAuditEvents } from '../identity-steps/audit.ts';
import { lockKinds } from '../lock-kinds.ts';
import type { Schema } from '../schema.ts';
import { accept } from '../steps/accept.ts';
import { countBacklog } from '../steps/backlog.ts';
import { countOperationDays } from '../steps/count-operation-days.ts';
import { deleteBackup } from '../steps/delete-backup.ts';
import { findProofs } from '../steps/find-proofs.ts';
import { finishImport } from '../steps/finish-import.ts';
import { knownAtPlaces, knownByIds, knownChildren } from '../steps/known-backups.ts';
import { listBackups } from '../steps/list-backups.ts';
import { listOperationLogs } from '../steps/list-operation-logs.ts';
import { listOperations } from '../steps/list-operations.ts';
import { listResources } from '../steps/list-resources.ts';
import { listVerifications } from '../steps/list-verifications.ts';
import { countStandings, listWorstResources } from '../steps/list-worst-resources.ts';
import { locateBackups } from '../steps/locate-backups.ts';
import { measureCatalogue } from '../steps/measure-catalogue.ts';
import { recentBackups } from '../steps/recent-backups.ts';
import { showBackup } from '../steps/show-backup.ts';
import { showOperation } from '../steps/show-operation.ts';
import { startChain } from '../steps/start-chain.ts';
import { type ConnectionPool, openConnectionPool } from './connection-pool.ts';
import { foldCounts } from './fold-counts.ts';
import { beginLocks } from './held-locks.ts';

const project = 'project-1';
/** Records, ended operations, audit events and a fifth as many resources. */
const size = 10_000;
/** Rows and entries of indexes that a step may visit: what it needs, several times over, and far fewer than `size`. */
const visitedMax = 250;

let migrated: Awaited<ReturnType<typeof createMigratedDatabase>>;
let pool: ConnectionPool;

beforeAll(async () => {
  migrated = await createMigratedDatabase(false);
  pool = openConnectionPool(migrated.url, 1);
  const { database } = pool;
  await fill(database);
  await foldCounts(database);
  await sql`analyze`.execute(database);
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  await migrated.drop();
});

async function fill(database: Kysely<Schema>): Promise<void> {
  const numbers = sql`generate_series(1, ${sql.lit(size)}) as n`;
  await sql`insert into backups (project_id, backup_id, backup_name, storage_unit_id, bucket_name, image_path,
      resource_id, resource_name, resource_type, protected_at_s, taken_at_ms, taken_at_source, status, reason_detail,
      format, listing_digest, listing_fingerprint, object_count, stored_bytes, level, verified_at_ms, check_version,
      parent_backup_id, last_operation_id, checkpoint_id, created_at_ms, updated_at_ms, revision)
    select ${project}, 'old-' || n, 'name-' || n, 'unit-1', 'bucket-1', 'path-' || n, 'old-resource-' || n / 5,
      'server-' || n / 5, 'volume', n, n, 'request', case when n % 500 = 0 then 'error' else 'available' end, '',
      'cinder', 'd', 'f', 1, 1, 'linkage', n, '1', 'old-' || n - 1, 'import-' || n, 'run-' || n / 100, n, n, 1
    from ${numbers}`.execute(database);
  await sql`insert into resource_heads (project_id, source_id, resource_id, level, backups, backup_id, taken_at_ms,
      taken_at_source)
    select distinct on (resource_id, levels.level) project_id, '', resource_id, levels.level, 5, backup_id, taken_at_ms,
      taken_at_source
    from backups, (values ('presence'), ('metadata'), ('inventory'), ('linkage')) as levels(level)
    order by resource_id, levels.level, taken_at_ms desc`.execute(database);
  await sql`insert into resources (project_id, source_id, resource_id, resource_name, backups, proved_levels)
    select project_id, '', resource_id, resource_name, count(*), 4 from backups group by 1, 3, 4`.execute(database);
  await sql`insert into operations (id, project_id, kind, storage_unit_id, bucket_name, chain_root, backup_id,
      resource_id, resource_name, item, task, actor_kind, actor_name, request_id, status, message, reason_detail,
      created_at_ms, ended_at_ms, updated_at_ms, deadline_at_ms, epoch)
    select 'import-' || n, ${project}, 'import', 'unit-1', 'bucket-1', 'path-' || n, 'old-' || n,
      'old-resource-' || n / 5, 'server-' || n / 5, ${JSON.stringify(makeItem('a'))}, '', 'user', 'ada', 'request',
      case when n % 500 = 0 then 'failed' else 'success' end, '', '', n, n, n, n, 1
    from ${numbers}`.execute(database);
  await sql`insert into audit_events (id, at_ms, project_id, actor_kind, actor_name, operation, door, outcome,
      request_id)
    select 'event-' || n, n, ${project}, 'user', 'ada', 'syncBackups', 'rest', 'done', 'request'
    from ${numbers}`.execute(database);
}

async function visitedSoFar(database: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ visited: number }>`select sum(pg_stat_get_xact_tuples_returned(oid)) as visited
    from pg_class where relnamespace = 'public'::regnamespace`.execute(database);
  return rows[0]?.visited ?? 0;
}

/** Runs a step, takes back what it changed, and returns what it visited: rows of tables and entries of indexes. */
async function visitedBy(
  work: (database: Kysely<Schema>) => Promise<unknown>,
  plans: 'auto' | 'force_generic_plan' = 'auto',
): Promise<number> {
  const transaction = await pool.database.startTransaction().execute();
  try {
    await sql`set local plan_cache_mode = ${sql.lit(plans)}`.execute(transaction);
    beginLocks(transaction, lockKinds);
    // The server may still have counts of earlier transactions.
    const before = await visitedSoFar(transaction);
    await work(transaction);
    return (await visitedSoFar(transaction)) - before;
  } finally {
    await transaction.rollback().execute();
  }
}

const backups = (changes: Parameters<typeof backupFilter>[1]) => (database: Kysely<Schema>) =>
  listBackups(database, backupFilter(project, { limit: 10, ...changes }));
const operations = (changes: Partial<Parameters<typeof listOperations>[1]>) => (database: Kysely<Schema>) =>
  listOperations(database, { project_id: project, limit: 10, offset: 0, ...changes });
const resources = (changes: Partial<Parameters<typeof listResources>[1]>) => (database: Kysely<Schema>) =>
  listResources(database, { project_id: project, level: 'linkage', limit: 10, ...changes });
const scope = { project_id: project, level: 'linkage' } as const;
/** Twenty resources are late. */
const ageLimit = { nowMs: size + 1_000, maxAgeS: (size - 100) / 1_000 };
const measured = { projects: 5, sources: 5, resources: 5 };
const worst = (changes: Partial<Parameters<typeof listWorstResources>[1]>) => (database: Kysely<Schema>) =>
  listWorstResources(database, { ...scope, limit: 5, ...changes }, ageLimit);
const place = { storageUnitId: 'unit-1', bucketName: 'bucket-1' };

test('a step that visits all rows is noticed', async () => {
  expect(await visitedBy(backups({ start_time: 0 }))).toBeGreaterThan(size);
});

const steps: readonly [string, (database: Kysely<Schema>) => Promise<unknown>][] = [
  [
    'an import, from its acceptance to its end',
    async (database) => {
      const items = [makeItem('new'), makeItem('old-17', { image_path: 'path-17', resource_id: 'old-resource-3' })];
      await accept(database, makeAcceptance(project, items));
      await countBacklog(database, project);
      const started = await startChain(database, makeChain(project), 'worker-1', 2_000);
      for (const operation of started)
        await finishImport(database, makeFinish(operation, { proofs: [makeProof('a')] }));
    },
  ],
  [
    'the deletion of the newest backup of a resource',
    async (database) => {
      const by = { actor: { kind: 'user', name: 'ada' }, requestId: 'request-1', deletedAtMs: 9_000 } as const;
      await deleteBackup(database, { operationId: 'deletion-1', projectId: project, backupId: 'old-19', ...by });
    },
  ],
  ['showBackup', (database) => showBackup(database, project, 'old-17')],
  ['showOperation', (database) => showOperation(database, project, 'import-17')],
  ['locateBackups', (database) => locateBackups(database, project, ['old-17'])],
  ['findProofs', (database) => findProofs(database, project, ['old-17', 'old-18'])],
  ['knownByIds', (database) => knownByIds(database, project, ['old-17', 'old-18'])],
  ['knownChildren', (database) => knownChildren(database, project, ['old-17', 'old-18'])],
  [
    'knownAtPlaces',
    (database) => knownAtPlaces(database, { projectId: project, ...place, imagePaths: ['path-17', 'path-18'] }),
  ],
  ['the first page of backups', backups({})],
  ['a later page of backups', backups({ marker: 'old-17' })],
  ['backups in error', backups({ status: ['error'] })],
  ['available backups', backups({ status: ['available'] })],
  ['backups by name', backups({ name: 'name-17' })],
  ['backups by the start of their id', backups({ id_prefix: 'old-1999' })],
  ['backups of a resource', backups({ resource_id: 'old-resource-17' })],
  ['backups of a resource by name', backups({ resource_name: 'server-17' })],
  ['backups by parent', backups({ parent_id: 'old-17' })],
  ['backups of a run', backups({ checkpoint_id: 'run-17' })],
  ['the first page of operations', operations({})],
  ['operations by kind', operations({ kind: ['import'] })],
  ['operations of a backup', operations({ backup_id: 'old-17' })],
  ['operations by the start of their id', operations({ id_prefix: 'import-1999' })],
  [
    'the first page of operation logs',
    (database) => listOperationLogs(database, operationFilter(project, { limit: 10 })),
  ],
  ['the first page of resources, as check reads it', resources({})],
  ['a later page of resources, as check reads it', resources({ marker: 'old-resource-17' })],
  ['one resource, as check reads it', resources({ resource_id: 'old-resource-17' })],
  ['a later page of resources with the worst first', worst({ marker: 'proved:500:old-resource-100' })],
  ['the retired resources', worst({ standing: 'retired' })],
  [
    'the recent backups of ten resources',
    async (database) => {
      const { rows } = await listResources(database, { ...scope, limit: 10 });
      await recentBackups(database, project, rows);
    },
  ],
  [
    'the verifications of a backup',
    (database) => listVerifications(database, { ...scope, backup_id: 'old-17', limit: 10 }),
  ],
  [
    'the operations of a year by day',
    (database) => countOperationDays(database, { ...scope, from: '1970-01-01', to: '1970-12-31' }),
  ],
  ['the first page of audit events', (database) => listAuditEvents(database, { limit: 10 })],
];

/**
 * Steps whose plans must depend on the values: there are few operations of these statuses, and few resources of these
 * standings. So they are not prepared.
 */
const plannedForValues: typeof steps = [
  ['operations by status', operations({ status: ['waiting', 'running'] })],
  ['operations by kind and status', operations({ kind: ['import', 'verify'], status: ['failed', 'timeout'] })],
  ['the first page of resources with the worst first', worst({})],
  ['the resources without a proved backup', worst({ standing: 'unproved' })],
  ['the late resources', worst({ standing: 'late' })],
  ['what monitoring measures', (database) => measureCatalogue(database, measured, ageLimit.nowMs)],
  ['the number of late resources', (database) => countStandings(database, scope, ageLimit)],
];

test.each([...steps, ...plannedForValues])('%s visits few rows of many', async (_, work) => {
  expect(await visitedBy(work)).toBeLessThan(visitedMax);
});

test.each(steps)('%s visits few rows of many with a plan for any values', async (_, work) => {
  expect(await visitedBy(work, 'force_generic_plan')).toBeLessThan(visitedMax);
});
