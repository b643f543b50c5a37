import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { makeAcceptance, makeItem } from '../fixtures-for-conformance.ts';
import { migrate } from '../migrate.ts';
import type { Schema } from '../schema.ts';
import { nodeSqliteDialect } from '../sqlite/node-sqlite-dialect.ts';
import { accept } from './accept.ts';
import { listEvents, newestCursor } from './events.ts';

test('old events of a project are deleted as new ones are added, and a cursor before them is refused', async () => {
  const sqlite = new DatabaseSync(':memory:');
  const database = new Kysely<Schema>({ dialect: nodeSqliteDialect(sqlite) });
  await migrate(database);
  const next = (backupId: string, projectId = 'project-1') =>
    accept(database, makeAcceptance(projectId, [makeItem(backupId)]));
  const read = (after: number) => listEvents(database, { projectId: 'project-1', operationId: null, after, limit: 9 });
  await next('a');
  await next('b');
  await next('a', 'project-2');
  // As after a long time: the first event is just too far behind the newest one to be kept.
  sqlite.exec('UPDATE operation_events SET cursor = 200000 WHERE cursor = 2');
  await next('c');
  expect(await newestCursor(database, 'project-1')).toBe(200_001);
  expect(await newestCursor(database, 'project-2')).toBe(1);
  expect(await read(0)).toBe('gone');
  expect(await read(199_998)).toBe('gone');
  expect(await read(199_999)).toMatchObject({ events: [{ cursor: 200_000 }, { cursor: 200_001 }], upTo: 200_001 });
  expect(await read(200_001)).toEqual({ events: [], isFull: false, upTo: 200_001 });
});
