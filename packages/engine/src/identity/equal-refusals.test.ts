import { expect, test } from 'vitest';
import { signedBy } from '../testing/signed-by.ts';
import { TestClock } from '../testing/test-clock.ts';
import { openTestEngine } from '../testing/test-engine.ts';

const password = 'a password of twelve';
const from = { origin: { door: 'engine', address: null }, requestId: 'r' } as const;

async function openWithUser() {
  const clock = new TestClock(Date.UTC(2026, 10, 23, 12));
  const opened = await openTestEngine(clock);
  const { engine, projectId } = opened;
  const caller = { kind: 'system', name: 'tester', projectId, role: 'administrator' } as const;
  const admin = (name: Parameters<typeof engine.call>[0], input: object) =>
    engine.call(name, { caller, requestId: 'r' }, { ...input, project_id: projectId });
  await admin('createUser', { name: 'ada', password });
  await admin('grantRole', { user_name: 'ada', target_project_id: projectId, role: 'operator' });
  const login = async () =>
    (await engine.identity.issueToken({ from, userName: 'ada', password, project: null })).token;
  return { ...opened, clock, admin, login };
}

test('unknown, cut, expired and revoked tokens, and those of users without access, get the same refusal', async () => {
  await using opened = await openWithUser();
  const { clock, admin, login, projectId } = opened;
  const { identity } = opened.engine;
  const [revoked, beforeEnd] = [await login(), await login()];
  const holder = await identity.authenticate(revoked);
  expect(holder).toMatchObject({ name: 'ada', role: 'operator' });
  if (holder !== null) await identity.revoke(revoked, holder, from);
  const bad = ['nonsense', '', beforeEnd.slice(0, -1), `${beforeEnd}a`, revoked];
  clock.timeMs += 24 * 60 * 60 * 1000;
  bad.push(beforeEnd);
  const beforeRole = await login();
  await admin('grantRole', { user_name: 'ada', target_project_id: projectId, role: 'reader' });
  bad.push(beforeRole);
  const beforeDisabling = await login();
  await admin('disableUser', { user_name: 'ada' });
  bad.push(beforeDisabling);
  for (const token of bad) {
    expect(await identity.authenticate(token)).toBeNull();
    await expect(identity.exchangeToken(token, null, from)).rejects.toMatchObject({
      code: 'not_authenticated',
      message: 'the token is not valid, or it has expired',
    });
  }
  await expect(login()).rejects.toMatchObject({ message: 'the user name, the password or the project is wrong' });
});

test('a token is exchanged only for a project where its holder has a role, with that role', async () => {
  await using opened = await openWithUser();
  const { admin, login } = opened;
  const { identity } = opened.engine;
  await admin('createProject', { name: 'second' });
  const token = await login();
  await expect(identity.exchangeToken(token, { name: 'second' }, from)).rejects.toMatchObject({
    code: 'not_authenticated',
  });
  const operator = await identity.issueSystemToken('root', null, from);
  const { project } = await identity.exchangeToken(operator.token, { name: 'second' }, from);
  await admin('grantRole', { user_name: 'ada', target_project_id: project.id, role: 'reader' });
  const exchanged = await identity.exchangeToken(token, { id: project.id }, from);
  expect(exchanged.caller).toMatchObject({ kind: 'user', name: 'ada', projectId: project.id, role: 'reader' });
});

test('an exchanged token expires with the old one, so none can be kept alive', async () => {
  await using opened = await openWithUser();
  const { clock, login } = opened;
  const { identity } = opened.engine;
  const token = await login();
  clock.timeMs += 23 * 60 * 60 * 1000;
  const exchanged = await identity.exchangeToken(token, null, from);
  expect(await identity.authenticate(exchanged.token)).toMatchObject({ name: 'ada' });
  clock.timeMs += 60 * 60 * 1000;
  expect(await identity.authenticate(exchanged.token)).toBeNull();
});

test('revoking a token does not end the tokens it was exchanged for', async () => {
  await using opened = await openWithUser();
  const { identity } = opened.engine;
  const token = await opened.login();
  const exchanged = await identity.exchangeToken(token, null, from);
  await identity.revoke(token, exchanged.caller, from);
  expect(await identity.authenticate(token)).toBeNull();
  expect(await identity.authenticate(exchanged.token)).toMatchObject({ name: 'ada' });
});

test('keys that are unknown, disabled, of a disabled user, or did not sign get the same refusal', async () => {
  await using opened = await openWithUser();
  const { admin, clock, projectId } = opened;
  const { identity } = opened.engine;
  const make = async () =>
    (await admin('createAccessKey', { user_name: 'ada', target_project_id: projectId })) as {
      access_key: { access_key: string };
      secret_key: string;
    };
  const call = (accessKey: string, secretKey: string) =>
    identity.authenticateSigned(signedBy(accessKey, secretKey, clock.timeMs));
  const refused = { code: 'not_authenticated', message: 'the access key or the signature is wrong' };
  const good = await make();
  const key = good.access_key.access_key;
  expect(await call(key, good.secret_key)).toEqual({ kind: 'user', name: 'ada', projectId, role: 'operator' });
  await expect(call('UNKNOWN', good.secret_key)).rejects.toMatchObject(refused);
  await expect(call(key, (await make()).secret_key)).rejects.toMatchObject(refused);
  await admin('disableUser', { user_name: 'ada' });
  await expect(call(key, good.secret_key)).rejects.toMatchObject(refused);
  await admin('enableUser', { user_name: 'ada' });
  await admin('disableAccessKey', { access_key: key });
  await expect(call(key, good.secret_key)).rejects.toMatchObject(refused);
});
