import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from './testing.ts';
import { exchangeRaw } from './testing-raw.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({});
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  expect(gateway.faults).toEqual([]);
});

test.each([
  ['GET', '/v3/{project_id}/backups/missing', 404],
  ['POST', '/v3/{project_id}/backups/sync', 415],
  ['GET', '/nothing', 404],
  ['PUT', '/v3', 405],
  ['GET', '/v3/auth/tokens', 404],
])('openstacksdk finds the message and the request id in the refusal of %s %s', async (method, path, status) => {
  const answer = await gateway.call(method, path);
  expect(answer.status).toBe(status);
  expect(answer.body.message).toBe(answer.body.error_msg);
  expect(answer.headers.get('x-openstack-request-id')).toBe(answer.body.request_id);
});

test('a refusal of input that is not HTTP has the same fields', async () => {
  const answer = await exchangeRaw(gateway.endpoint, 'nonsense\r\n\r\n');
  const { message, error_msg, request_id } = JSON.parse(answer?.body ?? '');
  expect(message).toBe(error_msg);
  expect(answer?.headers.get('X-OpenStack-Request-Id')).toBe(request_id);
});

test('a successful answer has the request id under both names', async () => {
  for (const path of ['/v3', '/v3/{project_id}/backups', '/trpc/listBackups?input={}', '/healthz']) {
    const { headers } = await gateway.call('GET', path);
    expect(headers.get('x-openstack-request-id'), path).toBe(headers.get('x-request-id'));
  }
});

test('every 401 has the address that issues tokens', async () => {
  for (const path of ['/v3/{project_id}/backups', '/v3/projects', '/v3/auth/tokens', '/trpc/listBackups?input={}']) {
    for (const credentials of [
      { 'X-Auth-Token': 'garbage' },
      { 'X-Auth-Token': '', Authorization: 'SDK-HMAC-SHA256 x' },
    ]) {
      const answer = await gateway.call('GET', path, undefined, credentials);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('www-authenticate')).toBe(`Keystone uri="${gateway.endpoint}/v3"`);
    }
  }
});
