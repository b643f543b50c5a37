import { calls } from '@backup-sync/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emptyListings, notOffered } from './cbr-calls.ts';
import { startTestGateway, type TestGateway } from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ bucket: {} });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  expect(gateway.faults).toEqual([]);
});

const filled = (path: string) => path.replaceAll(/\{(?!project_id)(\w+)\}/g, 'id of $1');
const shape = (path: string) => path.replaceAll(/\{\w+\}/g, '{}');

test('a CBR call that is not offered gets 501 and says what to use instead', async () => {
  for (const { method, path } of notOffered) {
    const hasBody = method === 'POST' || method === 'PUT';
    const { status, body } = await gateway.call(method, filled(path), hasBody ? { any: 'thing' } : undefined);
    const requestId = expect.any(String);
    expect([path, status, body]).toEqual([
      path,
      501,
      expect.objectContaining({ error_code: 'BackupSync.1058', error_msg: expect.any(String), request_id: requestId }),
    ]);
    expect(body.error_msg).not.toMatch(/\{(project|vault|backup)_id\}/);
  }
  const { body } = await gateway.call('POST', '/v3/{project_id}/backups/b-1/restore', '{}');
  expect(body.error_msg).toBe(
    `POST /v3/${gateway.projectId}/backups/b-1/restore is a CBR call that this service does not offer; extract the volume to ` +
      'a file and copy it where you need it: "backup-sync extract b-1 --output <file>"',
  );
});

test('every call that a message recommends exists', () => {
  const known = new Set(Object.values(calls).map(({ method, path }) => `${method} ${shape(path)}`));
  for (const { instead } of notOffered) {
    for (const [call] of instead.matchAll(/(?:GET|POST|PUT|PATCH|DELETE) \/v\d\/\{?[^\s,?]+/g)) {
      if (call !== 'GET /v3/projects') expect(known).toContain(shape(call));
    }
  }
  const offered = Object.values(calls).map(({ method, path }) => `${method} ${shape(path)}`);
  const ofCbr = [...notOffered, ...emptyListings.map(({ path }) => ({ method: 'GET', path }))];
  const every = [...offered, ...ofCbr.map(({ method, path }) => `${method} ${shape(path)}`)];
  expect(every).toHaveLength(new Set(every).size);
});

test('listings of objects that do not exist here are empty, with the requested page', async () => {
  for (const { path, field } of emptyListings) {
    const { status, body } = await gateway.call('GET', `${filled(path)}?limit=5&offset=10&operation_type=backup`);
    expect([path, status, body]).toEqual([path, 200, { [field]: [], count: 0, limit: 5, offset: 10 }]);
  }
  expect((await gateway.call('GET', '/v3/{project_id}/policies?limit=0')).status).toBe(400);
});

test('these calls check the caller and the project, as every call does', async () => {
  const calls = [
    ['POST', '/backups/b/restore'],
    ['GET', '/policies'],
  ] as const;
  for (const [method, path] of calls) {
    const anonymous = await gateway.call(method, `/v3/{project_id}${path}`, undefined, { 'X-Auth-Token': '' });
    expect([anonymous.status, anonymous.body.error_code]).toEqual([401, 'BackupSync.1005']);
    const elsewhere = await gateway.call(method, `/v3/another${path}`);
    expect([elsewhere.status, elsewhere.body.error_code]).toEqual([403, 'BackupSync.1006']);
  }
});

test('calls with similar paths still work', async () => {
  const body = { name: 'nightly', bucket_name: 'bucket', force: true };
  const { source } = (await gateway.call('POST', '/v1/projects/{project_id}/sources', body)).body;
  const { body: listed } = await gateway.call('GET', '/v3/{project_id}/vaults?name=nightly');
  expect(listed).toMatchObject({ vaults: [{ id: source.id }], count: 1, limit: 1000, offset: 0 });
  const shown = await gateway.call('GET', `/v3/{project_id}/vaults/${source.id}`);
  expect(shown.body).toEqual({ vault: listed.vaults[0] });
  const unknown = await gateway.call('GET', '/v3/{project_id}/vaults/unknown');
  expect([unknown.status, unknown.body.error_code]).toEqual([404, 'BackupSync.1059']);
  const renamed = await gateway.call('PUT', '/v3/{project_id}/backups/b', { backup: { name: 'mine' } });
  expect([renamed.status, renamed.body.error_code]).toEqual([404, 'BackupSync.1009']);
  const patched = await gateway.call('PATCH', '/v3/{project_id}/vaults', {});
  expect([patched.status, patched.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect((await gateway.call('GET', '/v3/{project_id}/nonsense')).body.error_code).toBe('BackupSync.1011');
});
