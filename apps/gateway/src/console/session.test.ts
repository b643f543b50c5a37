import { consoleHeader, consoleSessionAnswer } from '@backup-sync/contracts';
import { TestClock } from '@backup-sync/engine/test-clock';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adminPassword, specificationExample, startTestGateway, type TestGateway } from '../testing.ts';
import { TestBrowser } from '../testing-session.ts';

let gateway: TestGateway;
let browser: TestBrowser;
let second: string;
beforeAll(async () => {
  gateway = await startTestGateway({});
  browser = new TestBrowser(gateway);
  expect((await browser.signIn('admin', adminPassword)).status).toBe(200);
  const { body } = await gateway.call('POST', '/v1/projects/{project_id}/projects', { name: 'archive' });
  second = body.project.id;
});
afterAll(async () => {
  expect(gateway.faults).toEqual([]);
  await gateway[Symbol.asyncDispose]();
});

const listBackups = () => `/trpc/listBackups?input=${JSON.stringify({ project_id: gateway.projectId })}`;

async function addUser(name: string, project: string, role: string): Promise<void> {
  await gateway.call('POST', '/v1/projects/{project_id}/users', { name, password: adminPassword });
  const grant = { user_name: name, target_project_id: project, role };
  expect((await gateway.call('POST', '/v1/projects/{project_id}/roles', grant)).status).toBeLessThan(300);
}

async function auditOf(actor: string) {
  const { body } = await gateway.call('GET', `/v1/projects/{project_id}/audit-events?actor_name=${actor}`);
  return body.audit_events.map((event: { operation: string; door: string; outcome: string; error: string | null }) =>
    [event.operation, event.door, event.error ?? event.outcome].join(' '),
  );
}

describe('a session', () => {
  test('begins with a password, in a cookie that no script reads and no other site sends', async () => {
    const own = new TestBrowser(gateway);
    const { status, body, headers } = await own.signIn('admin', adminPassword);
    expect(status).toBe(200);
    const { session } = consoleSessionAnswer.parse(body);
    expect(session).toMatchObject({
      ...{ user_name: 'admin', role: 'administrator', project_id: gateway.projectId, project_name: 'default' },
      ...{ identity: 'embedded', server_version: '0.0.0' },
    });
    expect(Math.abs(Date.parse(session.expires_at) - Date.now() - session.max_age_s * 1000)).toBeLessThan(5000);
    const [cookie, ...attributes] = (headers.getSetCookie()[0] ?? '').split('; ');
    expect(cookie).toMatch(/^backup_sync=[\w-]{43}$/);
    expect(attributes.sort()).toEqual(['HttpOnly', `Max-Age=${session.max_age_s}`, 'Path=/', 'SameSite=Strict']);
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(JSON.stringify(body)).not.toContain(cookie?.slice('backup_sync='.length));
    const shown = await own.call('GET', '/console/session');
    expect(shown.body.session).toMatchObject({ user_name: 'admin', expires_at: session.expires_at });
    expect(shown.headers.get('Cache-Control')).toBe('no-store');
  });

  test('has a new token at every sign-in, whatever cookie the browser had before', async () => {
    const own = new TestBrowser(gateway);
    own.cookie = 'backup_sync=chosen-by-someone-else';
    expect((await own.signIn('admin', adminPassword)).status).toBe(200);
    const before = own.cookie;
    expect(before).not.toContain('chosen');
    await own.signIn('admin', adminPassword);
    expect(own.cookie).not.toBe(before);
  });

  test('begins and ends without the cookies that a server on another port may have set for longer paths', async () => {
    const own = new TestBrowser(gateway);
    own.cookie = 'backup_sync=stray';
    const removed = ['/console', '/trpc'].map((path) => ['backup_sync=', 'Max-Age=0', `Path=${path}`]);
    for (const { headers } of [
      await own.signIn('admin', adminPassword),
      await own.call('DELETE', '/console/session'),
    ]) {
      const strays = headers.getSetCookie().slice(1);
      expect(strays.map((each) => each.split('; ').slice(0, 3))).toEqual(removed);
    }
  });

  test('makes calls over tRPC that the audit shows as those of the console', async () => {
    const listed = await browser.call('GET', listBackups());
    expect([listed.status, listed.headers.get('Cache-Control')]).toEqual([200, 'no-store']);
    const input = { project_id: gateway.projectId, name: 'by-console', password: adminPassword };
    expect((await browser.call('POST', '/trpc/createUser', input)).status).toBe(200);
    expect(await auditOf('admin')).toEqual(
      expect.arrayContaining(['createUser console done', 'issueToken console done']),
    );
  });

  test('begins in a project in which the user has a role, and ends in no other', async () => {
    await addUser('keeper', second, 'reader');
    const own = new TestBrowser(gateway);
    expect((await own.signIn('keeper', adminPassword)).body.session.project_name).toBe('archive');
    expect((await own.call('GET', '/console/projects')).body).toEqual({ projects: [{ id: second, name: 'archive' }] });
    const elsewhere = await own.call('PUT', '/console/session/project', { project_id: gateway.projectId });
    expect(elsewhere).toMatchObject({ status: 403, body: { error_code: 'BackupSync.1007' } });
    const unknown = await own.call('PUT', '/console/session/project', { project_id: 'unknown' });
    expect(unknown.body.error_msg).toBe(elsewhere.body.error_msg.replace(gateway.projectId, 'unknown'));
    expect((await own.call('GET', '/console/session')).status).toBe(200);
    expect((await own.signIn('keeper', adminPassword, { project_name: 'default' })).status).toBe(401);
    expect((await own.signIn('keeper', adminPassword, { domain_name: 'corp' })).status).toBe(401);
    expect((await own.signIn('keeper', adminPassword, { domain_name: 'default' })).status).toBe(200);
  });

  test('switches to another project, ends when it would have, and leaves no token of the first', async () => {
    await addUser('mover', gateway.projectId, 'operator');
    await addUser('mover', second, 'reader');
    const own = new TestBrowser(gateway);
    const { session: first } = (await own.signIn('mover', adminPassword)).body;
    const before = own.cookie;
    expect((await own.call('GET', '/console/projects')).body.projects).toEqual([
      { id: second, name: 'archive' },
      { id: gateway.projectId, name: 'default' },
    ]);
    const { body } = await own.call('PUT', '/console/session/project', { project_id: second });
    expect(body.session).toMatchObject({ role: 'reader', project_name: 'archive', expires_at: first.expires_at });
    expect((await own.call('GET', listBackups())).body.error.data.errorCode).toBe('project_not_allowed');
    own.cookie = before;
    expect((await own.call('GET', '/console/session')).status).toBe(401);
    expect(await auditOf('mover')).toEqual([
      'listBackups console project_not_allowed',
      'revokeToken console done',
      'issueToken console done',
      'issueToken console done',
    ]);
  });

  test('ends with its token, which then opens nothing at any interface', async () => {
    const own = new TestBrowser(gateway);
    await own.signIn('admin', adminPassword);
    const cookie = own.cookie ?? '';
    const token = cookie.slice('backup_sync='.length);
    const asToken = () => gateway.call('GET', '/v3/{project_id}/backups', undefined, { 'X-Auth-Token': token });
    expect((await asToken()).status).toBe(200);
    const ended = await own.call('DELETE', '/console/session');
    expect([ended.status, own.cookie]).toEqual([204, null]);
    expect((await asToken()).status).toBe(401);
    own.cookie = cookie;
    expect((await own.call('GET', '/console/session')).status).toBe(401);
    const again = await own.call('DELETE', '/console/session');
    expect([again.status, own.cookie]).toEqual([204, null]);
    expect((await own.call('DELETE', '/console/session')).status).toBe(204);
    expect(await auditOf('admin')).toContain('revokeToken console done');
  });

  test('ends an open stream before the next event when it ends', async () => {
    const own = new TestBrowser(gateway);
    await own.signIn('admin', adminPassword);
    const input = JSON.stringify({ project_id: gateway.projectId, after: '0' });
    const stream = await fetch(`${gateway.endpoint}/trpc/watchOperations?input=${encodeURIComponent(input)}`, {
      // An EventSource cannot send the header of the console.
      headers: { 'Sec-Fetch-Site': 'same-origin', Cookie: own.cookie ?? '' },
    });
    expect([stream.status, stream.headers.get('Content-Type')]).toEqual([200, 'text/event-stream']);
    expect((await own.call('DELETE', '/console/session')).status).toBe(204);
    // The next heartbeat is far away, so it is the next event that ends the stream.
    await gateway.call('POST', '/v3/{project_id}/backups/sync', { sync: [specificationExample] });
    const text = await stream.text();
    expect(text).toContain('not_authenticated');
    expect(text).not.toContain(specificationExample.backup_id);
  });
});

test('a wrong password counts for the limits, and reaches the audit as one of the console', async () => {
  const own = new TestBrowser(gateway);
  const statuses: number[] = [];
  for (let time = 0; time < 11; time += 1) statuses.push((await own.signIn('ghost', `guess ${time}`)).status);
  expect(statuses).toEqual([...Array(10).fill(401), 429]);
  expect(await auditOf('ghost')).toEqual(Array(10).fill('issueToken console not_authenticated'));
  expect(own.cookie).toBeNull();
});

describe('refused with the cookie', () => {
  const same = { 'Sec-Fetch-Site': 'same-origin' };
  test.each([
    ['another port of this host', { 'Sec-Fetch-Site': 'same-site' }],
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['the address bar', { 'Sec-Fetch-Site': 'none' }],
    ['a browser that does not say where it comes from', { 'Sec-Fetch-Site': '' }],
    ['two values', { 'Sec-Fetch-Site': 'same-origin, cross-site' }],
  ])('is a request from %s, even with the header of the console', async (_from, headers) => {
    for (const [method, path] of [
      ['GET', listBackups()],
      ['POST', '/trpc/createUser'],
      ['GET', '/trpc/watchOperations?input={}'],
      ['POST', '/console/session'],
      ['GET', '/console/session'],
      ['PUT', '/console/session/project'],
      ['GET', '/console/projects'],
      ['DELETE', '/console/session'],
    ] as const) {
      const body = method === 'POST' || method === 'PUT' ? {} : undefined;
      const { status, body: answer, headers: answered } = await browser.call(method, path, body, headers);
      const number = answer.error_code ?? answer.error.data.number;
      expect([method, path, status, number]).toEqual([method, path, 403, 'BackupSync.1069']);
      expect(answered.get('Set-Cookie')).toBeNull();
    }
    expect((await browser.call('GET', '/console/session')).status).toBe(200);
  });

  test.each([
    ['POST', '/trpc/createUser'],
    ['POST', '/trpc/listBackups'],
    ['HEAD', '/trpc/listBackups'],
    ['POST', '/console/session'],
    ['PUT', '/console/session/project'],
    ['DELETE', '/console/session'],
  ])('is %s %s without the header of the console', async (method, path) => {
    const body = method === 'POST' || method === 'PUT' ? {} : undefined;
    for (const value of ['', '0', '1, 1']) {
      const { status } = await browser.call(method, path, body, { ...same, [consoleHeader.name]: value });
      expect(status).toBe(403);
    }
  });

  test('is every call of another interface', async () => {
    for (const [method, path] of [
      ['GET', '/v3/{project_id}/backups'],
      ['GET', '/v1/projects/{project_id}/sources'],
      ['POST', '/v1/projects/{project_id}/projects'],
      ['GET', '/v3/auth/projects'],
      ['GET', '/v3/auth/tokens'],
      ['DELETE', '/v3/auth/tokens'],
      ['GET', '/v1/projects/{project_id}/operations/events?after=0'],
    ] as const) {
      const body = method === 'POST' ? { name: 'x' } : undefined;
      expect([method, path, (await browser.call(method, path, body)).status]).toEqual([method, path, 401]);
    }
  });
});

test('credentials in headers win over the cookie, and may come from anywhere', async () => {
  const headers = { 'X-Auth-Token': gateway.token, 'Sec-Fetch-Site': 'cross-site', [consoleHeader.name]: '' };
  expect((await browser.call('GET', listBackups(), undefined, headers)).status).toBe(200);
  const input = { project_id: gateway.projectId, name: 'by-token', password: adminPassword };
  expect((await browser.call('POST', '/trpc/createUser', input, headers)).status).toBe(200);
  for (const other of [{ 'X-Auth-Token': 'wrong' }, { Authorization: 'SDK-HMAC-SHA256 Access=AK' }]) {
    expect((await browser.call('GET', listBackups(), undefined, other)).status).toBe(401);
    expect((await browser.call('GET', '/console/session', undefined, other)).status).toBe(401);
  }
});

test('a cookie that is not as the server set it opens nothing, and makes no fault', async () => {
  const good = browser.cookie ?? '';
  const token = good.slice('backup_sync='.length);
  for (const cookie of [
    ...['', '=', ';', 'backup_sync', 'backup_sync=', `backup_sync=${token.slice(0, -1)}`, `backup_sync=${token}x`],
    ...[`Backup_Sync=${token}`, `__Host-backup_sync=${token}`, 'backup_sync=%', 'backup_sync=%zz', 'backup_sync=%00'],
    ...['backup_sync=%0d%0aX-Auth-Token:%20x', 'backup_sync=%E2%82%AC', 'backup_sync=%F0%9F%92%BE'],
    ...[`backup_sync=${'t'.repeat(3585)}`, `backup_sync=${'%41'.repeat(3585)}`, `backup_sync="${'t'.repeat(9)}"`],
    // Another port of this host may set a cookie for a longer path, which browsers send first.
    ...[`${good}; ${good}`, `backup_sync=x; ${good}`, `${good}; backup_sync=x`, `${good};backup_sync =x`],
  ]) {
    for (const path of [listBackups(), '/console/session', '/console/projects']) {
      expect([cookie, (await browser.call('GET', path, undefined, { Cookie: cookie })).status]).toEqual([cookie, 401]);
    }
  }
  for (const cookie of [`a=b; ${good}`, `${good}; theme=dark`, `x=${good}; ${good}`, `${good};`]) {
    expect([cookie, (await browser.call('GET', listBackups(), undefined, { Cookie: cookie })).status]).toEqual([
      cookie,
      200,
    ]);
  }
});

test('a malformed body is refused with the place of every problem', async () => {
  const { status, body } = await new TestBrowser(gateway).call('POST', '/console/session', { password: 5 });
  expect(status).toBe(400);
  expect(body.problems.map(({ place }: { place: string }) => place)).toEqual(['user_name', 'password']);
  expect((await browser.call('PUT', '/console/session/project', {})).status).toBe(400);
  expect((await browser.call('PATCH', '/console/session', {})).headers.get('Allow')).toBe('POST, GET, HEAD, DELETE');
});

test('a session that was valid before still works when its network has used up its unknown calls', async () => {
  const limits = { unknownCallsPerSecond: 0.2 };
  await using strict = await startTestGateway({}, { clock: new TestClock(), limits });
  const own = new TestBrowser(strict);
  await own.signIn('admin', adminPassword);
  for (let time = 0; time < 3; time += 1) expect((await own.call('GET', '/console/session')).status).toBe(200);
  const guess = { Cookie: 'backup_sync=guess' };
  expect((await own.call('GET', '/console/session', undefined, guess)).status).toBe(401);
  expect((await own.call('GET', '/console/session', undefined, guess)).status).toBe(429);
  const path = `/trpc/listBackups?input=${JSON.stringify({ project_id: strict.projectId })}`;
  expect((await own.call('GET', path)).status).toBe(200);
  expect((await new TestBrowser(strict).signIn('admin', adminPassword)).status).toBe(429);
});

describe('the connection', () => {
  test('with TLS has a cookie that only this host can set and no plain request carries', async () => {
    await using other = await startTestGateway({}, { trustedProxies: ['127.0.0.1'] });
    const https = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.1' };
    const own = new TestBrowser(other);
    const { headers } = await own.signIn('admin', adminPassword, {}, https);
    expect(headers.getSetCookie()).toHaveLength(1);
    const set = (headers.getSetCookie()[0] ?? '').split('; ');
    expect(set[0]).toMatch(/^__Host-backup_sync=/);
    expect(set).toEqual(expect.arrayContaining(['Secure', 'HttpOnly', 'Path=/', 'SameSite=Strict']));
    expect((await own.call('GET', '/console/session', undefined, https)).status).toBe(200);
    // A page without TLS could have set this one.
    const plain = (own.cookie ?? '').replace('__Host-', '');
    expect((await own.call('GET', '/console/session', undefined, { ...https, Cookie: plain })).status).toBe(401);
    expect((await own.call('GET', '/console/session')).status).toBe(401);
  });

  test('without TLS from elsewhere is refused before the password is read', async () => {
    await using other = await startTestGateway({}, { trustedProxies: ['127.0.0.1'] });
    const own = new TestBrowser(other);
    for (const host of ['backups.example', '192.0.2.7:8787', '[2001:db8::1]', 'localhost.example']) {
      // Browsers leave out where such a request comes from.
      const headers = { 'X-Forwarded-Host': host, 'Sec-Fetch-Site': '' };
      const refused = await own.signIn('admin', adminPassword, {}, headers);
      expect([host, refused.status, refused.body.error_code]).toEqual([host, 403, 'BackupSync.1070']);
    }
    for (const host of ['localhost:8787', '127.0.0.1', '[::1]:8787']) {
      expect((await own.signIn('admin', adminPassword, {}, { 'X-Forwarded-Host': host })).status).toBe(200);
    }
    const there = { 'X-Forwarded-Host': 'backups.example' };
    expect((await own.call('GET', '/console/session', undefined, there)).status).toBe(401);
  });

  test('to a public https address counts as TLS', async () => {
    await using other = await startTestGateway({}, { publicUrl: 'https://backups.example/at/' });
    const own = new TestBrowser(other);
    await own.signIn('admin', adminPassword);
    expect(own.cookie).toMatch(/^__Host-backup_sync=/);
    expect((await own.call('GET', '/console/session')).status).toBe(200);
  });

  test('is not what someone other than a trusted proxy says', async () => {
    const own = new TestBrowser(gateway);
    await own.signIn('admin', adminPassword, {}, { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'other.example' });
    expect(own.cookie).toMatch(/^backup_sync=/);
  });
});
