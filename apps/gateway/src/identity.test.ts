import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixture, isFixtureThere } from './fixtures-for-tests.ts';
import { adminPassword, startTestGateway, type TestGateway } from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({});
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  expect(gateway.faults).toEqual([]);
});

const anonymous = { 'X-Auth-Token': '' };

async function issue(on = gateway): Promise<string> {
  const user = { name: 'admin', password: adminPassword, domain: { id: 'default' } };
  const auth = { identity: { methods: ['password'], password: { user } } };
  const answer = await on.call('POST', '/v3/auth/tokens', { auth }, anonymous);
  return answer.headers.get('x-subject-token') ?? '';
}

test('anyone can read the versions of the identity API', async () => {
  const root = await gateway.call('GET', '/', undefined, anonymous);
  const v3 = await gateway.call('GET', '/v3', undefined, anonymous);
  expect(root.status).toBe(300);
  expect(root.headers.get('location')).toBe(`${gateway.endpoint}/v3/`);
  expect(v3.status).toBe(200);
  expect(v3.body.version).toMatchObject({ id: 'v3.14', links: [{ rel: 'self', href: `${gateway.endpoint}/v3/` }] });
  expect(root.body.versions.values).toEqual([v3.body.version]);
  expect((await gateway.call('GET', '/v3/', undefined, anonymous)).status).toBe(200);
});

test('a token lists the services at the address that the caller used', async () => {
  const token = await issue();
  const { body } = await gateway.call('GET', '/v3/auth/tokens', undefined, { 'X-Subject-Token': token });
  const urls = body.token.catalog.map((service: { type: string; endpoints: { interface: string; url: string }[] }) => [
    service.type,
    service.endpoints.map((endpoint) => [endpoint.interface, endpoint.url]),
  ]);
  expect(urls).toEqual([
    ['identity', [['public', `${gateway.endpoint}/v3`]]],
    ['cbr', [['public', `${gateway.endpoint}/v3/${gateway.projectId}`]]],
  ]);
});

test('behind a proxy, answers use the configured public address', async () => {
  await using behind = await startTestGateway({}, { publicUrl: 'https://backups.example/sync/' });
  const answer = await behind.call('GET', '/v3/auth/tokens', undefined, { 'X-Subject-Token': await issue(behind) });
  expect(answer.body.token.catalog[1].endpoints[0].url).toBe(`https://backups.example/sync/v3/${behind.projectId}`);
  const version = await behind.call('GET', '/v3');
  expect(version.body.version.links[0].href).toBe('https://backups.example/sync/v3/');
});

test('a token can be validated and revoked', async () => {
  const token = await issue();
  const validate = (method: string, subject: string | null, own = gateway.token, query = '') =>
    gateway.call(method, `/v3/auth/tokens${query}`, undefined, {
      'X-Auth-Token': own,
      ...(subject !== null && { 'X-Subject-Token': subject }),
    });
  const valid = await validate('GET', token);
  expect(valid).toMatchObject({
    status: 200,
    body: {
      token: { user: { name: 'admin' }, project: { id: gateway.projectId }, roles: [{ name: 'administrator' }] },
    },
  });
  expect(valid.headers.get('x-subject-token')).toBe(token);
  expect(valid.headers.get('vary')).toContain('X-Auth-Token');
  expect((await validate('GET', token, gateway.token, '?nocatalog')).body.token).not.toHaveProperty('catalog');
  expect(await validate('HEAD', token)).toMatchObject({ status: 200, body: null });
  // 404 if the inspected token is invalid, 401 if the token of the caller is.
  expect(await validate('GET', 'garbage')).toMatchObject({ status: 404, body: { error: { code: 404 } } });
  expect(await validate('GET', null)).toMatchObject({ status: 404, body: { error: { title: 'Not Found' } } });
  const blamed = await validate('GET', token, 'garbage');
  expect(blamed).toMatchObject({ status: 401, body: { error: { code: 401, title: 'Unauthorized' } } });
  expect(blamed.headers.get('www-authenticate')).toBe(`Keystone uri="${gateway.endpoint}/v3"`);

  expect(await validate('DELETE', token)).toMatchObject({ status: 204, body: null });
  expect((await validate('GET', token)).status).toBe(404);
  expect((await gateway.call('GET', '/v3/{project_id}/backups', undefined, { 'X-Auth-Token': token })).status).toBe(
    401,
  );
});

test('a caller without a project id gets the project of its credentials', async () => {
  const ids = async (path: string) => {
    const { status, body } = await gateway.call('GET', path);
    expect(status).toBe(200);
    return body.projects.map(({ id }: { id: string }) => id);
  };
  expect(await ids('/v3/auth/projects')).toEqual([gateway.projectId]);
  expect(await ids('/v3/projects')).toEqual([gateway.projectId]);
  expect(await ids('/v3/projects?name=default')).toEqual([gateway.projectId]);
  // By the name of the region, as clients of Huawei's IAM do.
  expect(await ids('/v3/projects?name=local')).toEqual([gateway.projectId]);
  expect(await ids('/v3/projects?name=elsewhere')).toEqual([]);
  expect(await gateway.call('GET', '/v3/projects', undefined, anonymous)).toMatchObject({ status: 401 });
});

test('a caller can read its service catalogue and domain separately from its token', async () => {
  const token = await issue();
  const own = { 'X-Auth-Token': token };
  const inToken = await gateway.call('GET', '/v3/auth/tokens', undefined, { ...own, 'X-Subject-Token': token });
  const catalog = await gateway.call('GET', '/v3/auth/catalog', undefined, own);
  expect(catalog.status).toBe(200);
  expect(catalog.body).toEqual({
    catalog: inToken.body.token.catalog,
    links: { self: `${gateway.endpoint}/v3/auth/catalog` },
  });
  const domains = await gateway.call('GET', '/v3/auth/domains', undefined, own);
  expect(domains.status).toBe(200);
  expect(domains.body).toEqual({
    domains: [
      {
        ...inToken.body.token.project.domain,
        description: '',
        enabled: true,
        options: {},
        tags: [],
        links: { self: `${gateway.endpoint}/v3/domains/default` },
      },
    ],
    links: { self: `${gateway.endpoint}/v3/auth/domains`, next: null, previous: null },
  });
  for (const path of ['/v3/auth/catalog', '/v3/auth/domains']) {
    expect(await gateway.call('GET', path, undefined, anonymous)).toMatchObject({
      status: 401,
      body: { error: { code: 401 } },
    });
  }
});

test.each([
  ['PUT', '/', 'GET, HEAD'],
  ['POST', '/v3/auth/catalog', 'GET, HEAD'],
  ['DELETE', '/v3/auth/domains', 'GET, HEAD'],
  ['POST', '/v3', 'GET, HEAD'],
  ['DELETE', '/v3/projects', 'GET, HEAD'],
  ['PUT', '/v3/auth/tokens', 'POST, GET, HEAD, DELETE'],
  ['POST', '/healthz', 'GET, HEAD'],
  ['DELETE', '/readyz', 'GET, HEAD'],
  ['POST', '/openapi.json', 'GET, HEAD'],
  ['POST', '/docs', 'GET, HEAD'],
  ['PATCH', '/v3/{project_id}/backups/b', 'GET, HEAD, PUT, DELETE'],
])('%s %s is refused, and Allow lists the methods', async (method, path, allow) => {
  const answer = await gateway.call(method, path);
  expect(answer).toMatchObject({ status: 405, body: { error_code: 'BackupSync.1012' } });
  expect(answer.headers.get('allow')).toBe(allow);
});

const genuine = fixture('keystone/exchanges.ndjson');

/** Returns every field of an answer, as `token.user.name`. */
function fieldsOf(value: unknown, place = ''): string[] {
  if (Array.isArray(value)) return fieldsOf(value[0], `${place}[]`);
  if (typeof value !== 'object' || value === null) return [place];
  return Object.entries(value).flatMap(([key, each]) => fieldsOf(each, `${place}.${key}`));
}

test.skipIf(!isFixtureThere(genuine))('answers have the fields that a genuine Keystone gives', async () => {
  const lines = (await readFile(genuine, 'utf8')).trim().split('\n');
  const exchanges = lines.map((line) => JSON.parse(line));
  const token = await issue();
  const subject = { 'X-Subject-Token': token };
  const ownAffairs = /password_expires_at|audit_ids/;
  for (const [name, method, path] of [
    ['version list', 'GET', '/'],
    ['version', 'GET', '/v3'],
    ['validate', 'GET', '/v3/auth/tokens'],
    ['validate without catalogue', 'GET', '/v3/auth/tokens?nocatalog'],
    ['projects of the caller', 'GET', '/v3/auth/projects'],
  ] as const) {
    const { response } = exchanges.find((exchange) => exchange.name === name);
    const answer = await gateway.call(method, path, undefined, subject);
    expect([name, answer.status]).toEqual([name, response.status]);
    const expected = fieldsOf(JSON.parse(response.body)).filter((place) => !ownAffairs.test(place));
    expect(fieldsOf(answer.body)).toEqual(expect.arrayContaining(expected));
  }
});
