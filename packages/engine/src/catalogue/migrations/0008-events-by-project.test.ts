import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { nodeSqliteDialect } from '../sqlite/node-sqlite-dialect.ts';
import * as operationEvents from './0005-operation-events.ts';
import * as eventsByProject from './0008-events-by-project.ts';

test('existing events keep the cursors that readers have', async () => {
  const sqlite = new DatabaseSync(':memory:');
  const database = new Kysely<unknown>({ dialect: nodeSqliteDialect(sqlite) });
  await operationEvents.up(database);
  const values = (project: string, operation: string) => `('${project}', '${operation}', 'waiting', 1000)`;
  sqlite.exec(`INSERT INTO operation_events (project_id, operation_id, status, at_ms)
    VALUES ${values('one', 'a')}, ${values('other', 'b')}, ${values('one', 'c')}`);
  await eventsByProject.up(database);
  const kept = sqlite.prepare('SELECT project_id, cursor, operation_id FROM operation_events ORDER BY cursor').all();
  expect(kept.map((row) => ({ ...row }))).toEqual([
    { project_id: 'one', cursor: 1, operation_id: 'a' },
    { project_id: 'other', cursor: 2, operation_id: 'b' },
    { project_id: 'one', cursor: 3, operation_id: 'c' },
  ]);
});
