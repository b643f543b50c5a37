import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { fixedQuery } from './fixed-query.ts';
import type { Schema } from './schema.ts';
import { nodeSqliteDialect } from './sqlite/node-sqlite-dialect.ts';

const sqlite = new DatabaseSync(':memory:');
sqlite.exec("create table projects (id text, name text, created_at_ms); insert into projects values ('a', 'x', 1)");
const database = new Kysely<Schema>({ dialect: nodeSqliteDialect(sqlite) });

test('a fixed query takes the values of each run, in lists of any length and in rows', async () => {
  const named = fixedQuery((on, { ids, name }: { ids: readonly string[]; name: string }) =>
    on.selectFrom('projects').where('id', 'in', ids).where('name', '=', name).select('id').orderBy('id'),
  );
  const rename = fixedQuery((on, { row, id }: { row: { name: string; created_at_ms: number }; id: string }) =>
    on.updateTable('projects').set(row).where('id', '=', id),
  );
  const add = fixedQuery((on, { row }: { row: { id: string; name: string; created_at_ms: number } }) =>
    on.insertInto('projects').values(row),
  );
  for (const id of 'bcdefg') await add.all(database, { row: { id, name: 'y', created_at_ms: 2 } });
  expect(await named.all(database, { ids: ['a'], name: 'x' })).toEqual([{ id: 'a' }]);
  expect(await named.all(database, { ids: ['a'], name: 'y' })).toEqual([]);
  expect(await named.first(database, { ids: ['b', 'a'], name: 'y' })).toEqual({ id: 'b' });
  await rename.all(database, { row: { name: 'y', created_at_ms: 3 }, id: 'a' });
  const all = await named.all(database, { ids: [...'abcdefg'], name: 'y' });
  expect(all.map(({ id }) => id).join('')).toBe('abcdefg');
});

test('a fixed query that computes with a value is refused, because it would keep the result of its first run', async () => {
  const later = fixedQuery((on, { nowMs }: { nowMs: number }) =>
    on
      .selectFrom('projects')
      .where('created_at_ms', '<', nowMs + 1_000)
      .select('id'),
  );
  await expect(later.all(database, { nowMs: 1 })).rejects.toThrow('computes with nowMs');
});
