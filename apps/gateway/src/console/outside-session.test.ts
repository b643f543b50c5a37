import { type KeystoneServer, startKeystone } from '@backup-sync/engine/keystone-server';
import { TestClock } from '@backup-sync/engine/test-clock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing.ts';
import { TestBrowser } from '../testing-session.ts';

const password = 'password at Keystone';

let keystone: KeystoneServer;
let gateway: TestGateway;
let browser: TestBrowser;
beforeEach(async () => {
  const clock = new TestClock();
  keystone = await startKeystone(clock);
  keystone.accounts.set('ada', { password, projects: { p1: ['member'], p2: ['reader'] }, defaultProject: 'p1' });
  keystone.accounts.set('bob', { password, domain: 'corp', projects: { other: ['other'], p1: ['admin'] } });
  keystone.accounts.set('eve', { password, projects: { other: ['other'] } });
  gateway = await startTestGateway({}, { clock, keystone: keystone.options });
  browser = new TestBrowser(gateway);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await keystone[Symbol.asyncDispose]();
});

async function audit(): Promise<readonly string[]> {
  const { body } = await gateway.call('GET', '/v1/projects/{project_id}/audit-events?limit=20');
  return body.audit_events
    .filter((event: { door: string }) => event.door === 'console')
    .map(
      (event: { operation: string; actor: { name: string }; project_id: string; error: string | null }) =>
        `${event.operation} ${event.actor.name} ${event.error ?? event.project_id}`,
    );
}

test('a user of Keystone signs in with the password, and makes calls', async () => {
  const { body } = await browser.signIn('ada', password);
  expect(body.session).toMatchObject({
    ...{ user_name: 'ada', role: 'operator', project_id: 'p1', project_name: 'name of p1', identity: 'outside' },
    max_age_s: 3600,
  });
  expect((await browser.call('GET', '/console/session')).body).toEqual(body);
  expect((await browser.call('GET', '/trpc/listBackups?input={"project_id":"p1"}')).status).toBe(200);
  expect(await audit()).toEqual(['issueToken ada p1']);
});

test('without a default project, a user gets the first one with a role that is mapped here', async () => {
  const { body } = await browser.signIn('bob', password, { domain_name: 'corp' });
  expect(body.session).toMatchObject({ user_name: 'bob@corp', role: 'administrator', project_id: 'p1' });
  expect((await browser.signIn('bob', password, { domain_name: 'corp', project_name: 'name of p1' })).status).toBe(200);
  expect(await browser.signIn('eve', password)).toMatchObject({ status: 403, body: { error_code: 'BackupSync.1007' } });
  expect(await audit()).toEqual([
    'issueToken eve role_not_allowed',
    'issueToken bob@corp p1',
    'issueToken bob@corp p1',
  ]);
});

test('a wrong password, user, domain or project gets the same refusal, and counts', async () => {
  const refusals: string[] = [];
  for (const [name, given, more] of [
    ['ada', 'wrong', {}],
    ['nobody', password, {}],
    ['ada', password, { domain_name: 'corp' }],
    ['ada', password, { project_name: 'name of p3' }],
  ] as const) {
    const { status, body } = await browser.signIn(name, given, more);
    refusals.push(`${status} ${body.error_msg}`);
  }
  expect(new Set(refusals)).toEqual(new Set(['401 the user name, the password or the project is wrong']));
  expect(await audit()).toHaveLength(4);
  // Two guesses of this user's were wrong. The default domain has the same name as none.
  for (let time = 0; time < 8; time += 1) await browser.signIn('ada', 'wrong', { domain_name: 'Default' });
  const before = keystone.asked.length;
  expect((await browser.signIn('ada', password)).status).toBe(429);
  expect(keystone.asked).toHaveLength(before);
});

test.each([503, 429])('a password that Keystone cannot check (%i) is not a wrong one', async (status) => {
  await browser.signIn('ada', password);
  keystone.rescopeTokens(false);
  const change = (given: string) =>
    browser.call('PUT', '/console/session/project', { project_id: 'p2', password: given });
  keystone.failWith(status);
  // More than a user, and together more than an address, may guess.
  for (let time = 0; time < 30; time += 1) {
    expect((await new TestBrowser(gateway).signIn('ada', password)).status).toBe(503);
    expect((await change(password)).status).toBe(503);
  }
  keystone.failWith(null);
  expect((await change('wrong')).status).toBe(403);
  expect((await change(password)).status).toBe(200);
  expect((await new TestBrowser(gateway).signIn('ada', password)).status).toBe(200);
});

test('wrong passwords count for one user, however the name is spelled and wherever it is asked for', async () => {
  await browser.signIn('ada', password);
  keystone.rescopeTokens(false);
  for (const name of ['ada', 'ADA', ' Ada', 'ada ', 'ａｄａ']) {
    expect((await new TestBrowser(gateway).signIn(name, 'wrong')).status).toBe(401);
    const change = { project_id: 'p2', password: 'wrong' };
    expect((await browser.call('PUT', '/console/session/project', change)).status).toBe(403);
  }
  for (const name of ['ada', 'aDa']) {
    expect((await new TestBrowser(gateway).signIn(name, password)).status).toBe(429);
  }
  expect((await browser.call('PUT', '/console/session/project', { project_id: 'p2', password })).status).toBe(429);
  // These are other users.
  expect((await new TestBrowser(gateway).signIn('ada', 'wrong', { domain_name: 'corp' })).status).toBe(401);
  expect((await new TestBrowser(gateway).signIn('bob', password, { domain_name: 'corp' })).status).toBe(200);
  // The audit has the names as they were typed.
  expect(await audit()).toContain('issueToken ADA not_authenticated');
});

test('a session switches projects, and Keystone forgets the token of the first', async () => {
  await browser.signIn('ada', password);
  const first = browser.cookie;
  expect((await browser.call('GET', '/console/projects')).body.projects).toEqual([
    { id: 'p1', name: 'name of p1' },
    { id: 'p2', name: 'name of p2' },
  ]);
  const { body } = await browser.call('PUT', '/console/session/project', { project_id: 'p2' });
  expect(body.session).toMatchObject({ role: 'reader', project_id: 'p2' });
  expect((await browser.call('GET', '/console/session')).body).toEqual(body);
  browser.cookie = first;
  expect((await browser.call('GET', '/console/session')).status).toBe(401);
  expect(await audit()).toEqual(['revokeToken ada p1', 'issueToken ada p2', 'issueToken ada p1']);
});

test('if Keystone exchanges no tokens, a switch asks for the password', async () => {
  await browser.signIn('ada', password);
  keystone.rescopeTokens(false);
  const change = (more: object) => browser.call('PUT', '/console/session/project', { project_id: 'p2', ...more });
  expect(await change({})).toMatchObject({ status: 403, body: { error_code: 'BackupSync.1071' } });
  expect(await change({ password: 'wrong' })).toMatchObject({ status: 403, body: { error_code: 'BackupSync.1071' } });
  expect((await browser.call('GET', '/console/session')).body.session.project_id).toBe('p1');
  expect((await change({ password })).body.session.project_id).toBe('p2');
  // Tokens without a project can still be exchanged.
  expect((await browser.signIn('bob', password, { domain_name: 'corp' })).status).toBe(200);
});

test('a project without a role that is mapped here is refused, and the session stays', async () => {
  keystone.accounts.set('ada', { password, projects: { p1: ['member'], p2: ['other'] }, defaultProject: 'p1' });
  await browser.signIn('ada', password);
  for (const project_id of ['p2', 'p3']) {
    const refused = await browser.call('PUT', '/console/session/project', { project_id });
    expect([project_id, refused.status, refused.body.error_code]).toEqual([project_id, 403, 'BackupSync.1007']);
  }
  expect((await browser.call('GET', '/console/session')).body.session.project_id).toBe('p1');
  // Nobody can fill the audit with refusals.
  for (let time = 0; time < 110; time += 1) {
    await browser.call('PUT', '/console/session/project', { project_id: 'p3' });
  }
  const { body } = await gateway.call('GET', '/v1/projects/{project_id}/audit-events?limit=1000&actor_name=ada');
  const foreign = await gateway.call('GET', '/v1/projects/{project_id}/audit-events?limit=1000&outcome=refused');
  expect(foreign.body.count).toBe(100);
  expect(body.count).toBe(101);
});

test('signing out revokes the token at Keystone, and a refusal there says that it stays valid', async () => {
  await browser.signIn('ada', password);
  expect((await browser.call('DELETE', '/console/session')).status).toBe(204);
  expect(keystone.asked).toContain('revoke token-1');
  await browser.signIn('ada', password);
  keystone.revokeTokens(false);
  expect((await browser.call('PUT', '/console/session/project', { project_id: 'p2' })).status).toBe(200);
  const refused = await browser.call('DELETE', '/console/session');
  expect(refused).toMatchObject({ status: 409, body: { error_code: 'BackupSync.1049' } });
  expect(browser.cookie).toBeNull();
  expect((await audit()).slice(0, 2)).toEqual([
    'revokeToken ada identity_elsewhere',
    'revokeToken ada identity_elsewhere',
  ]);
});

test.each([
  ['in the project', { projectId: 'p1', roles: ['other'] }],
  ['in any project', { projectId: null, roles: [] }],
])('signing out revokes the token of a user who has no role %s any more', async (_where, left) => {
  await browser.signIn('ada', password);
  keystone.tokens.set('token-1', { name: 'ada', ...left });
  expect((await browser.call('GET', '/console/session')).status).toBe(403);
  expect([(await browser.call('DELETE', '/console/session')).status, browser.cookie]).toEqual([204, null]);
  expect(keystone.tokens.size).toBe(0);
  expect((await audit())[0]).toBe(`revokeToken ada ${left.projectId ?? ''}`);
});

test('a token that nobody gets is revoked', async () => {
  // The second token is for the project `other`, which gives no access here.
  await browser.signIn('bob', password, { domain_name: 'corp' });
  expect([...keystone.tokens.keys()]).toEqual(['token-3']);
  expect((await new TestBrowser(gateway).signIn('eve', password)).status).toBe(403);
  expect((await browser.call('PUT', '/console/session/project', { project_id: 'other' })).status).toBe(403);
  expect((await new TestBrowser(gateway).signIn('eve', password, { project_name: 'name of other' })).status).toBe(403);
  expect([...keystone.tokens.keys()]).toEqual(['token-3']);
  // It expires by itself if Keystone does not revoke it.
  keystone.revokeTokens(false);
  expect((await browser.signIn('bob', password, { domain_name: 'corp' })).status).toBe(200);
});

test('while Keystone is down, nobody signs in, a known session works, and it can sign out of the browser', async () => {
  await browser.signIn('ada', password);
  await browser.call('GET', '/console/session');
  keystone.failWith(503);
  expect((await browser.call('GET', '/console/session')).status).toBe(200);
  expect((await new TestBrowser(gateway).signIn('ada', password)).status).toBe(503);
  expect((await browser.call('GET', '/console/projects')).status).toBe(503);
  expect((await browser.call('DELETE', '/console/session')).status).toBe(503);
  expect(browser.cookie).toBeNull();
});

test('a token that does not fit into a cookie is refused, and revoked', async () => {
  keystone.lengthenTokens(3_600);
  const refused = await browser.signIn('ada', password);
  expect(refused).toMatchObject({ status: 403, body: { error_code: 'BackupSync.1072' } });
  expect(refused.body.error_msg).toContain('3584');
  expect(browser.cookie).toBeNull();
  expect(keystone.tokens.size).toBe(0);
  keystone.lengthenTokens(3_500);
  expect((await browser.signIn('ada', password)).status).toBe(200);
  expect((await browser.call('GET', '/console/session')).status).toBe(200);
});

test('a cookie that no header can carry never reaches Keystone', async () => {
  const before = keystone.asked.length;
  for (const value of ['%0d%0aX-Auth-Token:%20x', '%E2%82%AC', '%00', '%20', '%7f']) {
    const cookie = { Cookie: `backup_sync=${value}` };
    expect((await browser.call('GET', '/console/session', undefined, cookie)).status).toBe(401);
  }
  expect(keystone.asked).toHaveLength(before);
  expect(gateway.faults).toEqual([]);
});
