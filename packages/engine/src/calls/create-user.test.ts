import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openTestEngine } from '../testing/test-engine.ts';

const password = 'a password of twelve';
const from = { origin: { door: 'engine', address: null }, requestId: 'r' } as const;

test('a user name that looks like another is refused; a user who already has one can still log in', async () => {
  await using opened = await openTestEngine();
  const { engine, projectId, databasePath } = opened;
  const caller = { kind: 'system', name: 'tester', projectId, role: 'administrator' } as const;
  const admin = (name: Parameters<typeof engine.call>[0], input: object) =>
    engine.call(name, { caller, requestId: 'r' }, { ...input, project_id: projectId });
  await expect(admin('createUser', { name: 'admin ', password })).rejects.toMatchObject({ code: 'invalid_request' });

  await admin('createUser', { name: 'ada', password });
  await admin('grantRole', { user_name: 'ada', target_project_id: projectId, role: 'operator' });
  {
    using database = new DatabaseSync(databasePath);
    database.prepare("UPDATE users SET name = 'admin ' WHERE name = 'ada'").run();
  }
  const { caller: comesIn } = await engine.identity.issueToken({ from, userName: 'admin ', password, project: null });
  expect(comesIn).toMatchObject({ name: 'admin ', role: 'operator' });
  await admin('removeUser', { user_name: 'admin ' });
  expect(await admin('listUsers', {})).toEqual({ users: [] });
});
