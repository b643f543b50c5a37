import type { Kysely } from 'kysely';
import { v7 as newId } from 'uuid';
import { expect, test } from 'vitest';
import { createMigratedDatabase } from '../../testing/postgres-catalogue.ts';
import { appendAuditEvent, listAuditEvents } from '../identity-steps/audit.ts';
import type { Schema } from '../schema.ts';
import { openConnectionPool } from './connection-pool.ts';
import { foldCounts } from './fold-counts.ts';

const append = (database: Kysely<Schema>) =>
  appendAuditEvent(database, {
    ...{ id: newId(), atMs: 1_000, projectId: 'project-1', actor: { kind: 'user', name: 'ada' }, door: 'rest' },
    ...{ operation: 'createProject', subjects: [], address: null, requestId: 'request-1' },
    ...{ outcome: 'done', errorCode: null },
  });

test('a transaction that has not ended keeps nobody from counting, and is counted once it has ended', async () => {
  await using migrated = await createMigratedDatabase(false);
  await using pool = openConnectionPool(migrated.url, 4);
  const { database } = pool;
  const count = async () => (await listAuditEvents(database, { limit: 10 })).count;
  const rowsOfCount = () => database.selectFrom('row_counts').select(['subject', 'slot', 'total']).execute();

  await database.transaction().execute(async (open) => {
    await append(open);
    for (let others = 0; others < 2; others += 1) {
      await database.transaction().execute(async (other) => {
        await append(other);
        await append(other);
      });
    }
    expect(await count()).toBe(4);
    await foldCounts(database);
    expect(await count()).toBe(4);
    expect(await rowsOfCount()).toEqual([{ subject: 'audit_event', slot: 0, total: 4 }]);
  });
  expect(await count()).toBe(5);
  await Promise.all([foldCounts(database), foldCounts(database)]);
  expect(await count()).toBe(5);
  expect(await rowsOfCount()).toEqual([{ subject: 'audit_event', slot: 0, total: 5 }]);
});
