// One file, although it is long: all plans are those of one filled database.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { verificationLevels } from '@backup-sync/contracts';
import { type CompiledQuery, Kysely } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { plainScan } from '../testing/scan-over.ts';
import {
  backupFilter,
  makeAcceptance,
  makeChain,
  makeFinish,
  makeItem,
  makeProof,
  makeRun,
  makeSource,
  operationFilter,
} from './fixtures-for-conformance.ts';
import { listAuditEvents } from './identity-steps/audit.ts';
import { removeOldAuditEvents } from './identity-steps/remove-old-audit.ts';
import { migrate } from './migrate.ts';
import type { Schema } from './schema.ts';
import { nodeSqliteDialect } from './sqlite/node-sqlite-dialect.ts';
import { accept } from './steps/accept.ts';
import { addOperation, joinOperation } from './steps/add-operation.ts';
import { overdueWaits } from './steps/await-parent.ts';
import { countBacklog } from './steps/backlog.ts';
import { cancelledImports, cancelOperation } from './steps/cancel-operation.ts';
import { countOperationDays } from './steps/count-operation-days.ts';
import { deleteBackup } from './steps/delete-backup.ts';
import { retryOfChain } from './steps/due-chains.ts';
import { endOverdueRuns } from './steps/end-run.ts';
import { findProofs, provedListing } from './steps/find-proofs.ts';
import { finishImport } from './steps/finish-import.ts';
import { followClock } from './steps/follow-clock.ts';
import { knownAtPlaces, knownByIds, knownChildren, recordedBelow } from './steps/known-backups.ts';
import { listBackups } from './steps/list-backups.ts';
import { listOperationLogs } from './steps/list-operation-logs.ts';
import { listOperations } from './steps/list-operations.ts';
import { listResources } from './steps/list-resources.ts';
import { listVerifications } from './steps/list-verifications.ts';
import { countStandings, listWorstResources } from './steps/list-worst-resources.ts';
import { locateBackups } from './steps/locate-backups.ts';
import { measureCatalogue } from './steps/measure-catalogue.ts';
import { removeNode, showLeases, takeOverDead } from './steps/nodes.ts';
import { endOutage, endOverdueWaits } from './steps/outages.ts';
import { projectBuckets } from './steps/project-buckets.ts';
import { recentBackups } from './steps/recent-backups.ts';
import { releaseOperations } from './steps/release-operations.ts';
import { removeOldOperations } from './steps/remove-old-operations.ts';
import { removeOldVerifications } from './steps/remove-old-verifications.ts';
import { renameBackup } from './steps/rename-backup.ts';
import { retireResource } from './steps/retire-resource.ts';
import { requeueOperation, retryOperation } from './steps/retries.ts';
import { finishListing, startOperation } from './steps/run-operation.ts';
import { showBackup, showBackups } from './steps/show-backup.ts';
import { showOperation } from './steps/show-operation.ts';
import { closeListing, dueMembers, markVanished, noteSightings } from './steps/source-runs.ts';
import { startVerifications } from './steps/source-verifications.ts';
import { addSource, listSourceErrors, removeSource, startRun } from './steps/sources.ts';
import { startChain, startChildren } from './steps/start-chain.ts';
import { updateSource } from './steps/update-source.ts';
import { contentsOf, contentsOfRun, sourcesOfResources } from './steps/vaults.ts';
import { claimPart, listParts, openParts, releaseParts, savePart } from './steps/verification-parts.ts';

const project = 'project-1';
const sqlite = new DatabaseSync(':memory:');
let queries: CompiledQuery[] = [];
const database = new Kysely<Schema>({
  dialect: nodeSqliteDialect(sqlite),
  log: ({ query }) => {
    queries.push(query);
  },
});

beforeAll(() => migrate(database));

/** Returns the lines of SQLite's plans for every query that `work` runs. */
async function plansOf(work: () => Promise<unknown>): Promise<string[]> {
  queries = [];
  await work();
  return queries.flatMap(({ sql, parameters }) =>
    sqlite
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      // The parameters that the steps have just used.
      .all(...(parameters as SQLInputValue[]))
      .map(({ detail }) => String(detail)),
  );
}

/** Reads of a whole table, or of a whole index with more than unfinished operations. */
const wholeScans = (plans: readonly string[]) =>
  plans.filter(
    (line) =>
      /^SCAN (backups|operations|verifications|before|other)/.test(line) && !/INDEX operations_unfinished/.test(line),
  );

/**
 * Reads of everything that one project has. Two of them are fine: for `noted`, the newest of its events, SQLite reads
 * the end of the index, and a project's sources are few.
 */
const readsOfWholeProjects = (plans: readonly string[]) =>
  plans.filter((line) => /\(project_id=\?\)$/.test(line) && !/^SEARCH (noted|sources) /.test(line));

const sorts = (plans: readonly string[]) => plans.filter((line) => line.includes('TEMP B-TREE'));

/** One with a newest proved backup, and one without. */
const resourcesWithHeads = [
  { resourceId: 'resource-1', head: { backupId: 'a', takenAtMs: 1, takenAtSource: 'request' } },
  { resourceId: 'resource-2', head: null },
] as const;
const ofBackup = { project_id: project, backup_id: 'a', limit: 10 };

describe('no step reads more rows than it needs', () => {
  const items = [makeItem('a'), makeItem('b')];
  const deletion = {
    operationId: 'deletion-1',
    projectId: project,
    backupId: 'a',
    actor: { kind: 'user', name: 'ada' },
    requestId: 'request-1',
    deletedAtMs: 9_000,
  } as const;

  test.each<[string, () => Promise<unknown>]>([
    ['accept', () => accept(database, makeAcceptance(project, items))],
    [
      'startChain and finishImport',
      async () => {
        const [operation, child] = await startChain(database, makeChain(project), 'worker-1', 2_000);
        if (operation === undefined || child === undefined) throw new Error('Expected two operations to start.');
        await finishImport(database, makeFinish(child, { missingParent: { backupId: 'a', revision: null } }));
        await finishImport(database, makeFinish(operation, { proofs: [makeProof('a')] }));
      },
    ],
    [
      'a retry, a cancellation and the end of an outage',
      async () => {
        await accept(database, { ...makeAcceptance(project, [makeItem('c')], { chainRoot: 'chain-3' }), lane: null });
        const [operation] = await startChain(database, makeChain(project, 'chain-3'), 'worker-1', 2_000);
        if (operation === undefined) throw new Error('Expected one operation to start.');
        const attempt = { operationId: operation.id, epoch: operation.epoch, failedAtMs: 3_000, notBeforeMs: 4_000 };
        const fault = { code: 'storage_unreachable', detail: '' } as const;
        await retryOperation(database, { ...attempt, fault, requests: { lists: 1, gets: 0, bytesRead: 0 } });
        await retryOfChain(database, makeChain(project, 'chain-3'));
        await cancelledImports(database, makeChain(project, 'chain-3'));
        await endOutage(database, 'unit-1', 'bucket-1');
        await cancelOperation(database, project, operation.id, 5_000);
        const place = { storageUnitId: 'unit-1', bucketName: 'bucket-1' };
        await endOverdueWaits(database, { ...place, acceptedByMs: 0, fault, endedAtMs: 6_000, limit: 10 });
      },
    ],
    ['startChildren', () => startChildren(database, makeChain(project), 'operation-1', 'worker-1', 2_000)],
    ['releaseOperations', () => releaseOperations(database, null, 3_000)],
    ['releaseOperations of one worker', () => releaseOperations(database, 'worker-1', 3_000)],
    ['removeNode', () => removeNode(database, 'worker-1', 3_000)],
    ['takeOverDead', () => takeOverDead(database, 15_000, 30_000)],
    ['showLeases', () => showLeases(database, 'worker-1', 10)],
    [
      'the parts of a verification',
      async () => {
        const id = 'verification-1';
        await addOperation(database, { ...makeRun(project, '', id), kind: 'verify', sourceId: null });
        const operation = await startOperation(database, id, 'worker-1', 2_000);
        const coordinator = { operationId: id, epoch: operation?.epoch ?? 0, leaseOwner: 'worker-1' };
        const planned = { backupId: 'a', objectCount: null, link: 0, listingDigest: 'd' };
        await openParts(database, coordinator, [{ ...planned, firstObject: 0 }]);
        const part = await claimPart(database, { operationId: id, leaseOwner: 'worker-1', at: null });
        if (part === null) throw new Error('Expected an open part.');
        const requests = { lists: 1, gets: 0, bytesRead: 0 };
        await savePart(database, part, { progress: part.progress, requests });
        await releaseParts(database, 'worker-1');
        await releaseParts(database, null);
        await openParts(database, coordinator, [{ ...planned, firstObject: 1 }]);
        const spent = { requeuedAtMs: 3_000, progress: {}, requests };
        await requeueOperation(database, { operationId: id, epoch: coordinator.epoch, ...spent });
        await listParts(database, id, { from: 1, count: 100 });
      },
    ],
    ['deleteBackup', () => deleteBackup(database, deletion)],
    [
      'renameBackup',
      () => renameBackup(database, { projectId: project, backupId: 'b', name: 'mine', renamedAtMs: 9_000 }),
    ],
    ['listResources', () => listResources(database, { project_id: project, level: 'linkage', limit: 10, marker: 'a' })],
    [
      'listResources with ceilings',
      () => listResources(database, { project_id: project, level: 'linkage', limit: 10, accept_ceiling: true }),
    ],
    ['recentBackups', () => recentBackups(database, project, resourcesWithHeads)],
    ['listVerifications', () => listVerifications(database, { ...ofBackup, marker: 'proof-1' })],
    ['retireResource', () => retireResource(database, project, 'resource-1', 1)],
    ['showBackups', () => showBackups(database, project, ['a', 'b'])],
    ['showBackup', () => showBackup(database, project, 'a')],
    ['showOperation', () => showOperation(database, project, 'deletion-1')],
    ['overdueWaits', () => overdueWaits(database, 9_000)],
    [
      'joinOperation',
      () =>
        joinOperation(
          database,
          { ...makeRun(project, '', 'joined'), sourceId: null, request: plainScan },
          { prefix: '' },
        ),
    ],
    [
      'the removal of old rows',
      async () => {
        const old = { projectId: project, operationsBeforeMs: 90_000, findingsBeforeMs: 90_000 };
        await removeOldOperations(database, { ...old, before: null, nowMs: 99_000 });
        await removeOldVerifications(database, { beforeMs: 90_000, after: '' });
        await removeOldAuditEvents(database, { beforeMs: 90_000, after: '' });
      },
    ],
    ['followClock forward', () => followClock(database, { steppedMs: 9_000, nowMs: 18_000 })],
    ['followClock back', () => followClock(database, { steppedMs: -9_000, nowMs: 9_000 })],
    ['locateBackups', () => locateBackups(database, project, ['a', 'b'])],
    ['projectBuckets', () => projectBuckets(database, project, 'unit-1')],
    ['findProofs', () => findProofs(database, project, ['a', 'b'])],
    ['provedListing', () => provedListing(database, project, 'a', makeProof('a').location)],
    [
      'knownAtPlaces',
      () =>
        knownAtPlaces(database, {
          projectId: project,
          storageUnitId: 'unit-1',
          bucketName: 'bucket-1',
          imagePaths: ['a', 'b'],
        }),
    ],
    [
      'recordedBelow',
      () =>
        recordedBelow(database, {
          projectId: project,
          storageUnitId: 'unit-1',
          bucketName: 'bucket-1',
          prefix: 'a/',
          after: 'a/b',
          limit: 10,
        }),
    ],
    ['knownChildren', () => knownChildren(database, project, ['a', 'b'])],
    ['knownByIds', () => knownByIds(database, project, ['a', 'b'])],
    [
      'the steps of a run of a source',
      async () => {
        const sourceId = 'source-1';
        await addSource(database, makeSource(project, sourceId));
        await noteSightings(database, sourceId, 'run-1', [{ imagePath: 'a', backupId: 'a', importOperationId: null }]);
        await closeListing(database, sourceId, 'run-2', ['.snapshot']);
        await dueMembers(database, { sourceId, runId: 'run-2', onlyHeld: true, after: '', limit: 10 });
        const members = [{ imagePath: 'a', backupId: 'a' }];
        await markVanished(database, { sourceId, runId: 'run-2', unchangedSinceMs: 1, markedAtMs: 2, members });
        await listResources(database, { project_id: project, source_id: sourceId, level: 'linkage', limit: 10 });
      },
    ],
    [
      'the end of a run',
      async () => {
        const sourceId = 'source-3';
        await addSource(database, makeSource(project, sourceId));
        const runs: [string, string | null][] = [
          ['run-4', sourceId],
          ['run-5', null],
        ];
        for (const [id, ofSource] of runs) {
          await addOperation(database, {
            ...makeRun(project, ofSource ?? '', id),
            sourceId: ofSource,
            request: plainScan,
          });
          await startOperation(database, id, 'worker-1', 2);
          const requests = { lists: 1, gets: 0, bytesRead: 0 };
          const listing = { id, epoch: 1, message: '', progress: {}, result: {}, requests, listedAtMs: 3 };
          await finishListing(database, listing);
        }
        await endOverdueRuns(database, 4);
        await listSourceErrors(database, makeSource(project, sourceId), 10);
        await contentsOf(database, [sourceId], 10);
        await contentsOfRun(database, project, 'run-4', 10);
        await sourcesOfResources(database, project, [sourceId], ['resource-1', 'resource-2']);
        const { prefix: _, ...source } = makeSource(project, sourceId);
        await updateSource(database, project, sourceId, { ...source, prefix: 'a/' });
        await removeSource(database, project, sourceId, 5);
      },
    ],
    [
      'startVerifications',
      async () => {
        const sourceId = 'source-2';
        await addSource(database, makeSource(project, sourceId, { level: 'content', reverifyAfterS: 60 }));
        await startRun(database, {
          sourceId,
          operation: makeRun(project, sourceId, 'run-3'),
          nextRunAtMs: null,
          confirmsRemovals: false,
        });
        await startVerifications(database, { runId: 'run-3', ids: ['verification-1'], createdAtMs: 3 });
      },
    ],
  ])('%s', async (_, work) => {
    const plans = await plansOf(work);
    expect(plans.length).toBeGreaterThan(0);
    expect(readsOfWholeProjects(plans)).toEqual([]);
    expect(wholeScans(plans)).toEqual([]);
  });
});

test('a lost head is replaced by one index lookup for each level', async () => {
  const { projectId, operationId } = { projectId: 'project-2', operationId: 'deletion-2' };
  await accept(database, makeAcceptance(projectId, [makeItem('a')]));
  const [operation] = await startChain(database, makeChain(projectId), 'worker-1', 2_000);
  if (operation === undefined) throw new Error('Nothing was started.');
  await finishImport(database, makeFinish(operation));
  const by = { actor: { kind: 'user', name: 'ada' }, requestId: 'request-1', deletedAtMs: 9_000 } as const;
  const plans = await plansOf(() => deleteBackup(database, { operationId, projectId, backupId: 'a', ...by }));
  const looks = plans.filter((line) => line.includes('INDEX backups_by_head'));
  expect(looks).toHaveLength(verificationLevels.length);
  for (const look of looks) expect(look).toMatch(/\(project_id=\? AND resource_id=\? AND level=\?\)$/);
  const end = plans.lastIndexOf(looks.at(-1) ?? '') + 2;
  expect(sorts(plans.slice(plans.indexOf(looks[0] ?? ''), end))).toEqual([]);
  expect([...wholeScans(plans), ...readsOfWholeProjects(plans)]).toEqual([]);
});

test.each([
  { name: 'a' },
  { name: 'a', marker: 'a' },
  { name: 'a', sort: [{ key: 'protected_at' as const, direction: 'desc' as const }] },
  { resource_id: 'resource-1', sort: [{ key: 'protected_at' as const, direction: 'desc' as const }] },
  { resource_name: 'a', status: ['error' as const], sort: [{ key: 'name' as const, direction: 'asc' as const }] },
  { parent_id: 'b', sort: [{ key: 'updated_at' as const, direction: 'desc' as const }] },
  { id_prefix: 'a' },
])('a filter that leaves few records uses its own index in any order: %j', async (filter) => {
  const plans = await plansOf(() => listBackups(database, backupFilter(project, filter)));
  expect([...wholeScans(plans), ...readsOfWholeProjects(plans)]).toEqual([]);
  expect(plans.filter((line) => line.includes('backups_by_creation (project_id=? AND created'))).toEqual([]);
});

const ofProject = { project_id: project, limit: 10, offset: 0 };

test.each<[string, RegExp, () => Promise<unknown>]>([
  ['backups', /backups/, () => listBackups(database, backupFilter(project))],
  ['backups of a status', /backups/, () => listBackups(database, backupFilter(project, { status: ['available'] }))],
  ['operations', /operations/, () => listOperations(database, ofProject)],
  [
    'operations of a kind and status',
    /operations/,
    () => listOperations(database, { ...ofProject, kind: ['import'], status: ['success'] }),
  ],
  ['operation logs', /operations/, () => listOperationLogs(database, operationFilter(project))],
  ['resources', /resources/, () => listResources(database, { project_id: project, level: 'linkage', limit: 10 })],
  ['audit events', /audit_events/, () => listAuditEvents(database, { limit: 10 })],
])('a page of %s does not count them: the number is kept', async (_, table, list) => {
  const reads = (await plansOf(list)).filter((line) => /^(SCAN|SEARCH) /.test(line));
  expect(reads.filter((line) => new RegExp(`^\\w+ (${table.source}) `).test(line))).toHaveLength(1);
  const kept = reads.filter((line) =>
    line.startsWith('SEARCH row_counts USING PRIMARY KEY (project_id=? AND subject=?'),
  );
  expect(kept).toHaveLength(1);
});

test('a page of several statuses reads each in the order of the index of statuses', async () => {
  const plans = await plansOf(() => listOperations(database, { ...ofProject, status: ['waiting', 'running'] }));
  const reads = plans.filter((line) => /^(SCAN|SEARCH) operations /.test(line));
  expect(reads).toHaveLength(2);
  for (const read of reads) expect(read).toContain('INDEX operations_by_status (project_id=? AND status=?)');
  expect(sorts(plans)).toEqual([]);
});

test.each([
  {},
  { marker: 'unproved::resource-1' },
  { marker: 'proved:17:resource-1' },
  { marker: 'retired::resource-1' },
  { source_id: 'source-1' },
  { standing: 'late' as const },
])('resources with the worst first are read in the order of indexes: %j', async (filter) => {
  const scope = { project_id: project, level: 'linkage' as const, limit: 10, ...filter };
  const plans = await plansOf(() => listWorstResources(database, scope, { nowMs: 9_000, maxAgeS: 1 }));
  const reads = plans.filter((line) => /^(SCAN|SEARCH) (resources|head|retired) /.test(line));
  for (const read of reads) {
    expect(read).toMatch(
      /\((project_id=\? AND source_id=\? AND (proved_levels|level|resource_id)=\?|project_id=\? AND resource_id=\?)/,
    );
  }
  expect(sorts(plans)).toEqual([]);
});

test('the recent backups of resources are read in the order of indexes, without other backups of these resources', async () => {
  const plans = await plansOf(() => recentBackups(database, project, resourcesWithHeads));
  const reads = plans.filter((line) => /^(SCAN|SEARCH) backups /.test(line));
  expect(reads.filter((line) => line.includes('INDEX backups_of_resource_by_age'))).toHaveLength(2);
  expect(reads.filter((line) => line.includes('INDEX backups_in_error_by_age'))).toHaveLength(2);
  expect(sorts(plans)).toEqual([]);
});

test('standings are counted by indexes alone', async () => {
  const scope = { project_id: project, level: 'linkage' as const };
  const plans = await plansOf(() => countStandings(database, scope, { nowMs: 9_000, maxAgeS: 1 }));
  const counted = plans.filter((line) => /INDEX (resources_by_proof|resource_heads_by_age) /.test(line));
  expect(counted.length).toBeGreaterThan(0);
  for (const line of counted) expect(line).toMatch(/proved_levels=\?|taken_at_ms[<>]/);
});

test('monitoring reads no operations or backups but those that indexes lead to', async () => {
  await accept(database, makeAcceptance(project, [makeItem('measured')], { chainRoot: 'chain-measured' }));
  const plans = await plansOf(() => measureCatalogue(database, { projects: 5, sources: 5, resources: 5 }, 9_000));
  const reads = plans.filter((line) => /^(SCAN|SEARCH) (backups|operations|head|resources|row_counts|each)/.test(line));
  for (const read of reads) {
    expect(read).toMatch(
      /^SEARCH \w+ USING .*\((project_id>\?|project_id=\? AND resource_id>\?|project_id=\? AND (subject|status|backup_id|resource_id|source_id)=\?)/,
    );
  }
  expect(reads.some((line) => line.includes('INDEX operations_by_status'))).toBe(true);
});

test('operations of days are not counted: the number is kept', async () => {
  const input = { project_id: project, from: '2026-03-01', to: '2026-03-31', kind: ['import' as const] };
  const plans = await plansOf(() => countOperationDays(database, input));
  expect(plans).toEqual([
    'SEARCH row_counts USING PRIMARY KEY (project_id=? AND subject=? AND part>? AND part<?)',
    expect.stringMatching(
      /^SEARCH removed_operations USING INDEX .* \(project_id=\? AND kind=\? AND day>\? AND day<\?\)$/,
    ),
  ]);
});

test('the verifications of a backup are read in the order of their index', async () => {
  const plans = await plansOf(() => listVerifications(database, ofBackup));
  expect(plans).toEqual([expect.stringContaining('INDEX verifications_newest (project_id=? AND backup_id=?)')]);
});

test('the backlog is not counted', async () => {
  const plans = await plansOf(() => countBacklog(database, project));
  expect(plans).toEqual(['SEARCH row_counts USING PRIMARY KEY (project_id=? AND subject=? AND part=?)']);
});

test('operations are found by the start of their id through the index of ids', async () => {
  const input = { project_id: project, limit: 10, offset: 0, id_prefix: 'a' };
  const plans = await plansOf(() => listOperations(database, input));
  const reads = plans.filter((line) => /^(SCAN|SEARCH) /.test(line));
  expect(reads).toHaveLength(2);
  for (const read of reads) expect(read).toMatch(/^SEARCH operations USING .*INDEX .* \(id>\? AND id<\?\)$/);
});

describe('a listing reads an index in the order of its rows', () => {
  test.each([
    {},
    { marker: 'a' },
    { status: ['error' as const] },
    { resource_id: 'resource-1' },
    { resource_name: 'database server' },
    { parent_id: 'b' },
    { vault_id: 'source-1' },
    { checkpoint_id: 'run-1' },
    { sort: [{ key: 'id' as const, direction: 'asc' as const }] },
    { sort: [{ key: 'updated_at' as const, direction: 'desc' as const }] },
    { sort: [{ key: 'name' as const, direction: 'asc' as const }], marker: 'a' },
    { sort: [{ key: 'name' as const, direction: 'asc' as const }], name: 'a' },
    { sort: [{ key: 'id' as const, direction: 'asc' as const }], id_prefix: 'a' },
    { sort: [{ key: 'protected_at' as const, direction: 'desc' as const }], start_time: 0 },
  ])('backups %j', async (filter) => {
    const plans = await plansOf(() => listBackups(database, backupFilter(project, filter)));
    expect(wholeScans(plans)).toEqual([]);
    expect(sorts(plans)).toEqual([]);
  });

  test.each([
    {},
    { marker: 'deletion-1' },
    { status: ['failed' as const] },
    { resource_id: 'resource-1' },
    { start_time: 0, end_time: 1_000 },
    { operation_type: 'sync' as const },
    { vault_id: 'source-1' },
    { vault_name: 'nightly' },
  ])('operation logs %j', async (filter) => {
    const plans = await plansOf(() => listOperationLogs(database, operationFilter(project, filter)));
    expect(wholeScans(plans)).toEqual([]);
    expect(sorts(plans)).toEqual([]);
  });

  test.each([
    {},
    { marker: 'deletion-1' },
    { status: ['failed' as const] },
    { status: ['waiting' as const, 'running' as const] },
    { kind: ['verify' as const] },
    { kind: ['import' as const], marker: 'deletion-1' },
    { kind: ['scan' as const, 'verify' as const] },
    { kind: ['source_run' as const], status: ['failed' as const] },
    { kind: ['scan' as const, 'verify' as const], status: ['failed' as const, 'timeout' as const] },
    { backup_id: 'a' },
    { backup_id: 'a', kind: ['verify' as const] },
    { resource_id: 'resource-1', kind: ['import' as const, 'verify' as const] },
  ])('operations %j', async (filter) => {
    const input = { project_id: project, limit: 1000, offset: 0, ...filter };
    const plans = await plansOf(() => listOperations(database, input));
    expect(wholeScans(plans)).toEqual([]);
    expect(sorts(plans)).toEqual([]);
  });
});
