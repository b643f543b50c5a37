import { DatabaseSync } from 'node:sqlite';
import { type CompiledQuery, Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { signerOf } from '../identity-records.ts';
import { migrate } from '../migrate.ts';
import type { Schema } from '../schema.ts';
import { nodeSqliteDialect } from '../sqlite/node-sqlite-dialect.ts';
import { addAccessKey, disableAccessKey, seekSigner } from './access-keys.ts';
import { addFirstAdministrator, begin } from './begin.ts';
import { addUser, disableUser } from './users.ts';

test('the lookup of every access key does the same work and returns the same form', async () => {
  const sqlite = new DatabaseSync(':memory:');
  const queries: CompiledQuery[] = [];
  await using database = new Kysely<Schema>({
    dialect: nodeSqliteDialect(sqlite),
    log: ({ query }) => {
      queries.push(query);
    },
  });
  await migrate(database);
  const { id: projectId } = await begin(database, { project: { id: 'p', name: 'default' }, nowMs: 1 });
  await addFirstAdministrator(database, { user: { id: 'a', name: 'ada', passwordHash: 'h' }, projectId, nowMs: 1 });
  await addUser(database, { id: 'b', name: 'bob', passwordHash: 'h', nowMs: 1 });
  await database.insertInto('role_assignments').values({ user_id: 'b', project_id: 'p', role: 'reader' }).execute();
  const add = (accessKey: string, userName: string) =>
    addAccessKey(database, { accessKey, userName, projectId, sealedSecret: 'sealed', nowMs: 1 });
  for (const accessKey of ['GOOD', 'ENDED']) expect(await add(accessKey, 'ada')).toBe('added');
  expect(await add('OF-BOB', 'bob')).toBe('added');
  await disableAccessKey(database, 'ENDED', 2);
  await disableUser(database, 'bob', 2);

  const seek = async (accessKey: string) => {
    queries.length = 0;
    const sought = await seekSigner(database, accessKey);
    return { sought, signs: signerOf(sought) !== null, asked: queries.map(({ sql }) => sql) };
  };
  const good = await seek('GOOD');
  expect(good.signs).toBe(true);
  for (const accessKey of ['UNKNOWN', 'ENDED', 'OF-BOB']) {
    const { sought, signs, asked } = await seek(accessKey);
    expect(signs, accessKey).toBe(false);
    expect(asked).toEqual(good.asked);
    expect(Object.keys(sought)).toEqual(Object.keys(good.sought));
  }
  const plan = sqlite.prepare(`explain query plan ${good.asked[0]}`).all('GOOD');
  const looksUp = plan.map(({ detail }) => String(detail)).filter((detail) => detail.startsWith('SEARCH'));
  expect(looksUp).toHaveLength(3);
});
