import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { nodeSqliteDialect } from '../sqlite/node-sqlite-dialect.ts';
import * as initial from './0001-initial.ts';
import * as sources from './0002-sources.ts';
import * as runs from './0012-runs.ts';

/** Inserts a row in which only these columns matter; the others that need a value get an empty one. */
function insert(sqlite: DatabaseSync, table: string, row: Readonly<Record<string, string>>): void {
  const columns = sqlite.prepare(`SELECT name, "notnull" AS needed FROM pragma_table_info('${table}')`).all();
  const names = columns
    .filter(({ name, needed }) => needed === 1 || String(name) in row)
    .map(({ name }) => String(name));
  const values = names.map((name) => row[name] ?? '');
  sqlite.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => '?')})`).run(...values);
}

test('records are assigned to the oldest source with them as a member', async () => {
  const sqlite = new DatabaseSync(':memory:');
  const database = new Kysely<unknown>({ dialect: nodeSqliteDialect(sqlite) });
  await initial.up(database);
  await sources.up(database);
  const place = { project_id: 'p', storage_unit_id: 'u', bucket_name: 'b' };
  for (const id of ['older', 'younger']) insert(sqlite, 'sources', { ...place, id: `${id}-source`, name: id });
  insert(sqlite, 'sources', { ...place, id: 'a-source', name: 'elsewhere', bucket_name: 'other' });
  const members = { 'a-source': ['both'], 'older-source': ['both'], 'younger-source': ['both', 'one', 'moved'] };
  for (const [source_id, paths] of Object.entries(members)) {
    for (const path of paths) insert(sqlite, 'source_members', { source_id, image_path: path, backup_id: path });
  }
  for (const id of ['both', 'one', 'none']) insert(sqlite, 'backups', { ...place, backup_id: id, image_path: id });
  insert(sqlite, 'backups', { ...place, backup_id: 'moved', image_path: 'away' });
  await runs.up(database);
  const records = sqlite.prepare('SELECT backup_id, source_id, checkpoint_id FROM backups ORDER BY backup_id').all();
  expect(records.map((row) => Object.values(row))).toEqual([
    ['both', 'older-source', null],
    ['moved', null, null],
    ['none', null, null],
    ['one', 'younger-source', null],
  ]);
});
