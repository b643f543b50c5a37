import { DatabaseSync } from 'node:sqlite';
import type { CallInput, Role, UnaryCallName } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { TestClock } from '../testing/test-clock.ts';
import { openTestEngine } from '../testing/test-engine.ts';

async function open(clock?: Clock) {
  const opened = await openTestEngine(clock);
  const { engine, projectId } = opened;
  const as = async <Name extends UnaryCallName>(role: Role, name: Name, input: object, project = projectId) =>
    engine.call(
      name,
      {
        caller: { kind: 'user', name: `a ${role}`, projectId, role },
        requestId: 'request-1',
        origin: { door: 'rest', address: '10.0.0.1' },
      },
      { ...input, project_id: project },
    );
  const events = async (filter: Partial<CallInput<'listAuditEvents'>> = {}) =>
    (await as('administrator', 'listAuditEvents', filter)).audit_events;
  return { ...opened, as, events };
}

const password = 'a password of twelve';

test('a change leaves an event with who made it, to what, from where, and how it ended', async () => {
  await using opened = await open();
  const { as, events, projectId } = opened;
  await as('administrator', 'createUser', { name: 'ada', password });
  await as('administrator', 'grantRole', { user_name: 'ada', target_project_id: projectId, role: 'operator' });
  await expect(as('operator', 'deleteBackup', { backup_id: 'b-1' })).rejects.toMatchObject({
    code: 'backup_not_found',
  });
  const [deleted, granted, created] = await events();
  expect(created).toMatchObject({
    operation: 'createUser',
    project_id: projectId,
    actor: { kind: 'user', name: 'a administrator' },
    subjects: [{ field: 'name', value: 'ada' }],
    door: 'rest',
    address: '10.0.0.1',
    outcome: 'done',
    error: null,
    request_id: 'request-1',
  });
  expect(granted?.subjects).toEqual([
    { field: 'user_name', value: 'ada' },
    { field: 'role', value: 'operator' },
    { field: 'target_project_id', value: projectId },
  ]);
  expect(deleted).toMatchObject({
    operation: 'deleteBackup',
    subjects: [{ field: 'backup_id', value: 'b-1' }],
    outcome: 'refused',
    error: 'backup_not_found',
  });
  expect(await events({ subject: 'b-1' })).toEqual([deleted]);
  expect(await events({ outcome: 'refused' })).toEqual([deleted]);
  expect(await events({ operation: 'createUser' })).toEqual([created]);
  expect(await events({ actor_name: 'a operator' })).toEqual([deleted]);
  const page = await as('administrator', 'listAuditEvents', { limit: 1, marker: deleted?.id ?? '' });
  expect(page).toEqual({ audit_events: [granted], count: 3 });
  expect(await events({ end_time: '2001-01-01T00:00:00Z' })).toEqual([]);
});

test('a renamed backup leaves an event with who renamed it', async () => {
  await using opened = await open();
  const { as, events } = opened;
  const renaming = as('operator', 'updateBackup', { backup_id: 'b-1', backup: { name: 'mine' } });
  await expect(renaming).rejects.toMatchObject({ code: 'backup_not_found' });
  const [renamed] = await events();
  expect(renamed).toMatchObject({
    operation: 'updateBackup',
    actor: { name: 'a operator' },
    subjects: [
      { field: 'backup_id', value: 'b-1' },
      { field: 'name', value: 'mine' },
    ],
  });
});

test('the audit can be searched by the id that a call created: access key, project, source, operation', async () => {
  await using opened = await open();
  const { as, events, projectId, buckets } = opened;
  await buckets.put('bucket', [['a', 'b']]);
  await as('administrator', 'createUser', { name: 'ada', password });
  await as('administrator', 'grantRole', { user_name: 'ada', target_project_id: projectId, role: 'operator' });
  const made = await as('administrator', 'createAccessKey', { user_name: 'ada', target_project_id: projectId });
  const key = made.access_key.access_key;
  await as('administrator', 'disableAccessKey', { access_key: key });
  const { source } = await as('operator', 'addSource', { name: 'own', bucket_name: 'bucket' });
  const scan = await as('operator', 'startScan', { bucket_name: 'bucket' });
  const { project } = await as('administrator', 'createProject', { name: 'second' });
  const about = async (subject: string) => (await events({ subject })).map(({ operation }) => operation);
  expect(await about(key)).toEqual(['disableAccessKey', 'createAccessKey']);
  expect(await about(source.id)).toEqual(['addSource']);
  expect(await about(scan.operation_id)).toEqual(['startScan']);
  expect(await about(project.id)).toEqual(['createProject']);
  const [disabled] = await events({ operation: 'disableAccessKey' });
  expect(disabled?.subjects).toEqual([{ field: 'access_key', value: key }]);
});

test('a call whose audit event cannot be written fails', async () => {
  await using opened = await open();
  const { as } = opened;
  using database = new DatabaseSync(opened.databasePath);
  database.exec(`CREATE TRIGGER full BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`);
  await expect(as('administrator', 'createUser', { name: 'ada', password })).rejects.toThrow('the disk is full');
  const { users } = await as('administrator', 'listUsers', {});
  expect(users).toEqual([]);
});

test('a refused caller cannot fill the disk: events are short, and 100 calls a minute are written', async () => {
  const clock = new TestClock();
  await using opened = await open(clock);
  const { as, events } = opened;
  const sync = Array.from({ length: 256 }, (_, index) => ({ backup_id: `${index}${'x'.repeat(1000)}` }));
  const refused = () =>
    expect(as('reader', 'syncBackups', { sync })).rejects.toMatchObject({ code: 'role_not_allowed' });
  for (let asked = 0; asked < 120; asked += 1) await refused();
  const written = await events({ limit: 1000 });
  expect(written).toHaveLength(100);
  expect(JSON.stringify(written[0]?.subjects).length).toBeLessThan(3_000);
  clock.step(-3_600_000);
  clock.timeMs += 59_999;
  await refused();
  expect(await events({ limit: 1000 })).toHaveLength(100);
  clock.timeMs += 1;
  await refused();
  expect(await events({ limit: 1000 })).toHaveLength(101);
  await as('administrator', 'createUser', { name: 'ada', password });
  expect(await events({ limit: 1000 })).toHaveLength(102);
});

test('a read leaves no event, but an attempt to read without the right does', async () => {
  await using opened = await open();
  const { as, events } = opened;
  await as('reader', 'listBackups', {});
  await expect(as('reader', 'showBackup', { backup_id: 'b-1' })).rejects.toMatchObject({ code: 'backup_not_found' });
  expect(await events()).toEqual([]);
  await expect(as('reader', 'listUsers', {})).rejects.toMatchObject({ code: 'role_not_allowed' });
  await expect(as('operator', 'listBackups', {}, 'another')).rejects.toMatchObject({ code: 'project_not_allowed' });
  const stream = { caller: { kind: 'user', name: 'eve', projectId: 'p', role: 'reader' }, requestId: 'r' } as const;
  const watched = opened.engine.watch('watchOperations', { ...stream, signal: AbortSignal.abort() }, {});
  await expect(watched).rejects.toMatchObject({ code: 'project_not_allowed' });
  expect((await events()).map(({ operation, error }) => [operation, error])).toEqual([
    ['watchOperations', 'project_not_allowed'],
    ['listBackups', 'project_not_allowed'],
    ['listUsers', 'role_not_allowed'],
  ]);
});

test('the event of a sync names its backups; the event of an invalid request names everything readable in it', async () => {
  await using opened = await open();
  const { as, events } = opened;
  const sync = [{ backup_id: 'b-1' }, { backup_id: 'b-2' }, 'nonsense', { backup_id: 3 }];
  await expect(as('operator', 'syncBackups', { sync })).rejects.toMatchObject({ code: 'invalid_request' });
  const [event] = await events();
  expect(event?.subjects.map(({ value }) => value)).toEqual(['b-1', 'b-2']);
  for (const nonsense of [{ sync: null }, { sync: { vault_id: { a: 1 } } }, { backup_id: 'x'.repeat(100_000) }]) {
    await expect(as('operator', 'syncBackups', nonsense)).rejects.toMatchObject({ code: 'invalid_request' });
  }
  const [long] = await events();
  expect(long?.subjects[0]?.value).toHaveLength(255);
});

test('unknown fields of a call are not written to the audit', async () => {
  await using opened = await open();
  const { as, events } = opened;
  await as('administrator', 'createUser', { name: 'ada', password, prefix: 'x'.repeat(100_000) });
  expect((await events())[0]?.subjects).toEqual([{ field: 'name', value: 'ada' }]);
});

test('a login leaves an event, whether it succeeds or fails; no secret is written', async () => {
  await using opened = await open();
  const { as, events, engine, projectId } = opened;
  await as('administrator', 'createUser', { name: 'ada', password });
  await as('administrator', 'setUserPassword', { user_name: 'ada', password: `${password} again` });
  await as('administrator', 'grantRole', { user_name: 'ada', target_project_id: projectId, role: 'reader' });
  const key = await as('administrator', 'createAccessKey', { user_name: 'ada', target_project_id: projectId });
  const from = { origin: { door: 'rest', address: '10.0.0.9' }, requestId: 'r' } as const;
  const login = (given: string) =>
    engine.identity.issueToken({ from, userName: 'ada', password: given, project: null });
  await expect(login(password)).rejects.toMatchObject({ code: 'not_authenticated' });
  const issued = await login(`${password} again`);
  expect(await events({ operation: 'issueToken' })).toMatchObject([
    { actor: { name: 'ada' }, project_id: projectId, address: '10.0.0.9', outcome: 'done' },
    { actor: { name: 'ada' }, project_id: '', address: '10.0.0.9', outcome: 'refused', error: 'not_authenticated' },
  ]);
  const all = JSON.stringify(await events());
  for (const secret of [password, key.secret_key, issued.token]) expect(all).not.toContain(secret);
});

test('an exchanged token, an operator token and a revocation leave events', async () => {
  await using opened = await open();
  const { events, projectId } = opened;
  const { identity } = opened.engine;
  const from = { origin: { door: 'rest', address: '10.0.0.9' }, requestId: 'r' } as const;
  const { token, caller } = await identity.issueSystemToken('root', null, from);
  await identity.exchangeToken(token, null, from);
  await identity.revoke(token, caller, from);
  const of = { actor: { kind: 'system', name: 'root' }, project_id: projectId, address: '10.0.0.9', outcome: 'done' };
  expect(await events()).toMatchObject([
    { operation: 'revokeToken', subjects: [{ field: 'user_name', value: 'root' }], ...of },
    { operation: 'issueToken', ...of },
    { operation: 'issueToken', ...of },
  ]);
});

test('the operator creates the first administrator, which leaves one event', async () => {
  await using opened = await open();
  const { events, projectId } = opened;
  const from = { origin: { door: 'engine', address: null }, requestId: 'r' } as const;
  await opened.engine.identity.beginUsers('root', password, from);
  await opened.engine.identity.beginUsers('root', password, from);
  expect(await events()).toMatchObject([
    {
      operation: 'createUser',
      actor: { kind: 'system', name: 'root' },
      project_id: projectId,
      subjects: [
        { field: 'name', value: 'admin' },
        { field: 'role', value: 'administrator' },
        { field: 'target_project_id', value: projectId },
      ],
      outcome: 'done',
    },
  ]);
});

test('a refused exchange by a token’s holder leaves an event; invented tokens cannot fill the disk', async () => {
  await using opened = await open();
  const { as, events, projectId } = opened;
  const { identity } = opened.engine;
  const from = { origin: { door: 'rest', address: '10.0.0.9' }, requestId: 'r' } as const;
  await as('administrator', 'createUser', { name: 'ada', password });
  await as('administrator', 'grantRole', { user_name: 'ada', target_project_id: projectId, role: 'reader' });
  const { project } = await as('administrator', 'createProject', { name: 'second' });
  const { token } = await identity.issueToken({ from, userName: 'ada', password, project: null });
  const refused = { code: 'not_authenticated', message: 'the token is not valid, or it has expired' };
  await expect(identity.exchangeToken(token, { id: project.id }, from)).rejects.toMatchObject(refused);
  await expect(identity.exchangeToken(token, { name: 'third' }, from)).rejects.toMatchObject(refused);
  await expect(identity.exchangeToken(token, 'elsewhere', from)).rejects.toMatchObject(refused);
  await expect(identity.exchangeToken('nonsense', { id: project.id }, from)).rejects.toMatchObject(refused);
  const of = { actor: { kind: 'user', name: 'ada' }, project_id: projectId, address: '10.0.0.9', outcome: 'refused' };
  expect(await events({ operation: 'issueToken', outcome: 'refused' })).toMatchObject([
    { subjects: [], ...of },
    { subjects: [{ field: 'name', value: 'third' }], ...of },
    { subjects: [{ field: 'target_project_id', value: project.id }], ...of },
  ]);
});

test('after 10 wrong passwords, even for an unknown user, further attempts are refused without an event', async () => {
  const clock = new TestClock();
  await using opened = await openTestEngine(clock);
  const { identity } = opened.engine;
  const from = { origin: { door: 'rest', address: '10.0.0.9' }, requestId: 'r' } as const;
  const guess = () => identity.issueToken({ from, userName: 'nobody', password: 'guess', project: null });
  for (let tried = 0; tried < 10; tried += 1)
    await expect(guess()).rejects.toMatchObject({ code: 'not_authenticated' });
  await expect(guess()).rejects.toMatchObject({ code: 'throttled', retryAfterMs: 15 * 60_000 });
  clock.timeMs += 15 * 60_000;
  await expect(guess()).rejects.toMatchObject({ code: 'not_authenticated' });
  const caller = { kind: 'system', name: 'tester', projectId: opened.projectId, role: 'administrator' } as const;
  const listed = await opened.engine.call(
    'listAuditEvents',
    { caller, requestId: 'r' },
    { project_id: opened.projectId },
  );
  expect(listed.audit_events).toHaveLength(11);
});
