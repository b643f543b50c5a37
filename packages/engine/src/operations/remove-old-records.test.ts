import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { v7 as newId } from 'uuid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptedIds, importBackup, makeAcceptance, makeItem } from '../catalogue/fixtures-for-conformance.ts';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import { systemClock } from '../clock.ts';
import { AcceptanceFirst } from '../queue/acceptance-first.ts';
import { systemSleep } from '../storage/bucket-budget.ts';
import { makeDataDirectory } from '../testing/data-directory.ts';
import { removeOldRecords } from './remove-old-records.ts';
import { StoredTimes } from './stored-times.ts';

/** Failed imports of long ago, which nothing needs. */
const oldOnes = 4_000;
const projectId = newId();

let notices: string[];

let home: string;
let directory: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'backup-sync-retention-'));
  notices = [];
  directory = join(home, 'data');
  await makeDataDirectory(directory);
});
afterEach(() => rm(home, { recursive: true }));

const databasePath = () => join(directory, 'catalogue.sqlite');

/** Opens the catalogue with a recorded backup, and with operations of 1970. */
async function openWithOldOnes() {
  {
    await using catalogue = await openSqliteCatalogue({ directory, inPlace: true });
    await importBackup(catalogue, projectId, makeItem('recorded'));
    using sqlite = new DatabaseSync(databasePath());
    sqlite
      .prepare(
        `INSERT INTO operations (id, project_id, kind, storage_unit_id, bucket_name, actor_kind, actor_name, request_id,
           status, message, reason_detail, created_at_ms, ended_at_ms, updated_at_ms, deadline_at_ms, epoch, task, item)
         WITH RECURSIVE number(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < ?)
         SELECT 'old-' || value, ?, 'import', 'unit-1', 'bucket-1', 'user', 'ada', 'request-1',
           'failed', ?, '', 5000 + value, 6000 + value, 6000 + value, 9000 + value, 1, '', '{}' FROM number`,
      )
      .run(oldOnes, projectId, 'It failed. '.repeat(40));
  }
  const catalogue = await openSqliteCatalogue({ directory });
  const acceptance = new AcceptanceFirst(systemClock, systemSleep);
  const storedTimes = new StoredTimes(catalogue, systemClock, { isShared: false });
  return {
    catalogue,
    world: { clock: systemClock, newId, log: (event: string, text: string) => void notices.push(`${event}: ${text}`) },
    work: { acceptance, storedTimes },
  };
}

const retention = {};
const never = new AbortController().signal;

test('removes what is old while calls are accepted, tells and audits how much, and gives the space back', async () => {
  const services = await openWithOldOnes();
  const { catalogue, work } = services;
  await using _closed = catalogue;
  const before = (await stat(databasePath())).size;
  let isRemoving = true;
  const removing = removeOldRecords(services, {
    ...{ retention, signal: never, sleep: systemSleep },
  }).finally(() => {
    isRemoving = false;
  });
  const accepted: string[] = [];
  // Few enough that the file still shrinks, however slow the machine is.
  while (isRemoving && accepted.length < 200) {
    const items = [makeItem(`new-${accepted.length}`)];
    const acceptance = makeAcceptance(projectId, items, { acceptedAtMs: Date.now() });
    accepted.push(...(await work.acceptance.run(() => acceptedIds(catalogue, acceptance))));
  }
  expect(await removing).toMatchObject({ operations: oldOnes, findings: 0, verifications: 0, auditEvents: 0 });

  const left = await catalogue.operations.listOperations({ project_id: projectId, limit: 1, offset: 0 });
  expect(left).toMatchObject({ count: accepted.length + 1 });
  expect(accepted.length).toBeGreaterThan(10);
  expect(await catalogue.backups.showBackup(projectId, 'recorded')).not.toBeNull();
  const days = await catalogue.operations.countOperationDays({
    ...{ project_id: projectId, from: '1970-01-01', to: '1970-01-02' },
  });
  expect(days).toMatchObject([
    { status: 'failed', operations: oldOnes },
    { status: 'success', operations: 1 },
  ]);
  expect(notices).toEqual([
    expect.stringMatching(/^records\.removed: Removed what was kept for long enough: 4,000 operations/),
  ]);
  const { events } = await catalogue.audit.listAuditEvents({ limit: 10 });
  expect(events).toMatchObject([
    {
      ...{ operation: 'removeOldRecords', actor: { kind: 'system', name: 'retention' }, outcome: 'done' },
      subjects: expect.arrayContaining([{ field: 'operations', value: '4000' }]),
    },
  ]);
  // The file shrinks when its WAL is moved into it.
  await catalogue[Symbol.asyncDispose]();
  expect((await stat(databasePath())).size).toBeLessThan(before / 2);
});

test('stops after the step it is in, audits what it has removed, and the next removal continues', async () => {
  const services = await openWithOldOnes();
  await using catalogue = services.catalogue;
  const stopping = new AbortController();
  let pauses = 0;
  const stopped = removeOldRecords(services, {
    ...{ retention, signal: stopping.signal },
    sleep: async (_, signal) => {
      pauses += 1;
      if (pauses === 3) stopping.abort(new Error('the process is stopping'));
      signal?.throwIfAborted();
    },
  });
  await expect(stopped).rejects.toThrow('the process is stopping');
  const { events } = await catalogue.audit.listAuditEvents({ limit: 10 });
  const removed = Number(events[0]?.subjects.find(({ field }) => field === 'operations')?.value);
  const left = await catalogue.operations.listOperations({ project_id: projectId, limit: 1, offset: 0 });
  expect(left).toMatchObject({ count: oldOnes + 1 - removed });
  expect(removed).toBeGreaterThan(0);
  const rest = await removeOldRecords(services, {
    ...{ retention, signal: never, sleep: async () => {} },
  });
  expect(rest.operations).toBe(oldOnes - removed);
});

test('removes nothing that is kept for as long as the catalogue exists', async () => {
  const services = await openWithOldOnes();
  await using catalogue = services.catalogue;
  const forever = { operationsMs: 'forever', findingsMs: 'forever' } as const;
  const options = { retention: forever, signal: never, sleep: systemSleep };
  expect(Object.values(await removeOldRecords(services, options))).toEqual([0, 0, 0, 0, 0]);
  expect((await catalogue.audit.listAuditEvents({ limit: 10 })).count).toBe(0);
});
