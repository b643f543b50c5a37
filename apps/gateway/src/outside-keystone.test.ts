import { type KeystoneServer, startKeystone } from '@backup-sync/engine/keystone-server';
import { TestClock } from '@backup-sync/engine/test-clock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from './testing.ts';

let keystone: KeystoneServer;
let gateway: TestGateway;
beforeAll(async () => {
  const clock = new TestClock();
  keystone = await startKeystone(clock);
  gateway = await startTestGateway({}, { clock, keystone: keystone.options });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await keystone[Symbol.asyncDispose]();
});

const member = { name: 'ada', projectId: 'p1', domain: 'corp', roles: ['member'] };
const as = (token: string, path: string) => gateway.call('GET', path, undefined, { 'X-Auth-Token': token });

test('a token without access is refused with the reason at every interface', async () => {
  keystone.tokens.set('unscoped', { ...member, projectId: null });
  keystone.tokens.set('restricted', { ...member, accessRules: [] });
  for (const [token, error_code, remedy] of [
    ['unscoped', 'BackupSync.1063', '"scope"'],
    ['restricted', 'BackupSync.1064', 'no access rules'],
  ] as const) {
    for (const path of ['/v3/p1/backups', '/v3/auth/projects', '/v3/auth/catalog']) {
      const answer = await as(token, path);
      expect(answer, path).toMatchObject({
        status: 403,
        body: { error_code, remedy: expect.stringContaining(remedy) },
      });
    }
    const { status, body } = await as(token, '/trpc/listBackups?input={"project_id":"p1"}');
    expect([status, body.error.data.number]).toEqual([403, error_code]);
  }
});

test('a token that is too long is refused with its length, and Keystone is not asked', async () => {
  const before = keystone.asked.length;
  const answer = await as('t'.repeat(14 * 1024 + 1), '/v3/p1/backups');
  expect(answer).toMatchObject({
    status: 401,
    body: { error_msg: 'the token has 14337 characters; a token has at most 14336' },
  });
  expect(keystone.asked).toHaveLength(before);
});

test('answers direct callers to Keystone for a token', async () => {
  const { headers } = await as('garbage', '/v3/p1/backups');
  expect(headers.get('www-authenticate')).toBe(`Keystone uri="${keystone.options.url}"`);
  keystone.tokens.set('good', member);
  const { body } = await as('good', '/v3/auth/catalog');
  const urls = body.catalog.map(({ type, endpoints }: { type: string; endpoints: { url: string }[] }) => [
    type,
    endpoints[0]?.url,
  ]);
  expect(urls).toEqual([
    ['identity', keystone.options.url],
    ['cbr', `${gateway.endpoint}/v3/p1`],
  ]);
});

test('a token has the domain of its Keystone project', async () => {
  keystone.tokens.set('good', member);
  const { body } = await as('good', '/v3/auth/domains');
  expect(body.domains).toMatchObject([
    { id: 'corp', name: 'corp', links: { self: `${keystone.options.url}/domains/corp` } },
  ]);
  const validated = await gateway.call('GET', '/v3/auth/tokens', undefined, {
    'X-Auth-Token': 'good',
    'X-Subject-Token': 'good',
  });
  expect(validated.body.token.project).toEqual({ id: 'p1', name: 'name of p1', domain: { id: 'corp', name: 'corp' } });
  const projects = await as('good', '/v3/auth/projects');
  expect(projects.body.projects).toMatchObject([
    { id: 'p1', domain_id: 'corp', links: { self: `${keystone.options.url}/projects/p1` } },
  ]);
});

test('while Keystone is down, the server is ready, known tokens work, and other callers must wait', async () => {
  keystone.tokens.set('known', member);
  keystone.tokens.set('new', member);
  expect((await as('known', '/v3/p1/backups')).status).toBe(200);
  keystone.failWith(503);
  expect((await as('', '/readyz')).body).toEqual({ status: 'ready' });
  expect((await as('known', '/v3/p1/backups')).status).toBe(200);
  const refused = await as('new', '/v3/p1/backups');
  expect(refused).toMatchObject({ status: 503, body: { error_code: 'BackupSync.1015' } });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await gateway.call('GET', '/v3/{project_id}/backups')).status).toBe(200);
  keystone.failWith(null);
  expect((await as('new', '/v3/p1/backups')).status).toBe(200);
});
