import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyMaxBytes } from './json-body.ts';
import { specificationExample, startTestGateway, type TestGateway } from './testing.ts';

const bucket = specificationExample.bucket_name;
const item = { ...specificationExample, backup_id: 'opaque-1', image_path: 'a/b' };
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ [bucket]: { 'a/b/disk.vmdk': 'some bytes', 'a/bc': 'another backup' } });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  expect(gateway.faults).toEqual([]);
});

describe('POST /v3/{project_id}/backups/sync', () => {
  const path = '/v3/{project_id}/backups/sync';

  test('answers the example of the specification in its form, and its operation fails with a reason', async () => {
    const answer = await gateway.call('POST', path, { sync: [specificationExample] });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      sync: [{ backup_id: specificationExample.backup_id, operation_log_id: expect.stringMatching(/^[0-9a-f-]{36}$/) }],
    });
    const log = await gateway.ended(answer.body.sync[0].operation_log_id);
    expect(log).toMatchObject({
      status: 'failed',
      operation_type: 'sync',
      error_info: { code: 'BackupSync.2001' },
      backup_sync: { outcome: 'none', reason: { code: 'path_not_found' } },
      extra_info: { sync: { sync_backup_num: 0, err_sync_backup_num: 1 }, common: { progress: 100 } },
    });
    const record = await gateway.call('GET', `/v3/{project_id}/backups/${specificationExample.backup_id}`);
    expect(record.status).toBe(404);
  });

  test('imports a backup, and a second sync finds it unchanged', async () => {
    const first = await gateway.call('POST', path, { sync: [item] });
    expect(await gateway.ended(first.body.sync[0].operation_log_id)).toMatchObject({
      status: 'success',
      backup_sync: { outcome: 'created', level: 'presence' },
    });
    const record = await gateway.call('GET', '/v3/{project_id}/backups/opaque-1');
    expect(record.body.backup).toMatchObject({
      id: 'opaque-1',
      status: 'available',
      protected_at: '2019-03-26T08:01:00.000000',
      backup_sync: { level: 'presence', format: 'unknown', evidence: { object_count: 1, stored_bytes: 10 } },
    });
    const second = await gateway.call('POST', path, { sync: [item] });
    expect(await gateway.ended(second.body.sync[0].operation_log_id)).toMatchObject({
      status: 'success',
      backup_sync: { outcome: 'unchanged', requests: { lists: 1, gets: 0, bytes_read: 0 } },
    });
  });

  test('keeps the order of the request, and each item ends independently', async () => {
    const sync = [
      { ...item, backup_id: 'z', image_path: 'missing' },
      { ...item, backup_id: 'a' },
      { ...item, backup_id: 'm', bucket_name: 'no-such-bucket' },
    ];
    const answer = await gateway.call('POST', path, { sync });
    const accepted: { backup_id: string; operation_log_id: string }[] = answer.body.sync;
    expect(accepted.map(({ backup_id }) => backup_id)).toEqual(['z', 'a', 'm']);
    const logs = await Promise.all(accepted.map(({ operation_log_id }) => gateway.ended(operation_log_id)));
    expect(logs.map((log) => log.backup_sync.reason?.code ?? log.status)).toEqual([
      'path_not_found',
      'success',
      'bucket_not_found',
    ]);
  });

  test('lists every problem with its place in one 400', async () => {
    const sync = [
      item,
      { ...item, backup_id: 'b', backup_name: '', created_at: 'yesterday' },
      { ...item, image_path: '../x' },
    ];
    const answer = await gateway.call('POST', path, { sync });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error_code: 'BackupSync.1001',
      request_id: answer.headers.get('x-request-id'),
    });
    for (const place of [
      'sync[1].backup_name: ',
      'sync[1].created_at: ',
      'sync[2].image_path: ',
      'sync[2].backup_id: repeats',
    ]) {
      expect(answer.body.error_msg).toContain(place);
    }
  });

  test('refuses more than 50 items', async () => {
    const sync = Array.from({ length: 51 }, (_, index) => ({ ...item, backup_id: `many-${index}` }));
    const answer = await gateway.call('POST', path, { sync });
    expect(answer).toMatchObject({ status: 400, body: { error_msg: expect.stringContaining('at most 50') } });
    expect((await gateway.call('GET', '/v3/{project_id}/backups/many-0')).status).toBe(404);
  });

  test.each([
    ['{"sync":', 400, 'BackupSync.1002', 'application/json'],
    ['[]', 400, 'BackupSync.1001', 'application/json'],
    ['null', 400, 'BackupSync.1001', 'application/json'],
    ['sync=1', 415, 'BackupSync.1003', 'application/x-www-form-urlencoded'],
    ['{}', 415, 'BackupSync.1003', 'application/json; charset=klingon'],
    ['{}', 415, 'BackupSync.1003', 'application/json; charset=utf-16'],
    ['{}', 400, 'BackupSync.1001', 'application/json;charset=utf-8'],
  ])('answers the body %j with %i %s', async (body, status, code, type) => {
    const answer = await gateway.call('POST', path, body, { 'Content-Type': type });
    expect(answer).toMatchObject({ status, body: { error_code: code } });
  });

  test('refuses bytes that are not UTF-8', async () => {
    const body = Buffer.from(JSON.stringify({ sync: [{ ...item, backup_name: 'x\u00ff' }] }), 'latin1');
    const response = await fetch(gateway.endpoint + path.replace('{project_id}', gateway.projectId), {
      method: 'POST',
      headers: { 'X-Auth-Token': gateway.token, 'Content-Type': 'application/json' },
      body,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error_code: 'BackupSync.1002', error_msg: 'body: is not UTF-8' });
  });

  test('refuses a body that is too large, with 413', async () => {
    const answer = await gateway.call('POST', path, JSON.stringify({ sync: [], padding: 'x'.repeat(bodyMaxBytes) }));
    expect(answer).toMatchObject({ status: 413, body: { error_code: 'BackupSync.1004' } });
  });

  test('refuses a body without a length and type as not JSON', async () => {
    const answer = await gateway.call('POST', path);
    expect(answer).toMatchObject({ status: 415, body: { error_code: 'BackupSync.1003' } });
  });
});

describe('a caller', () => {
  test.each([
    'GET /v3/{project_id}/backups',
    'POST /v3/{project_id}/backups/sync',
    'DELETE /v3/{project_id}/backups/x',
  ])('without a token is refused at %s', async (route) => {
    const [method = '', path = ''] = route.split(' ');
    for (const token of ['', 'not-a-token']) {
      const answer = await gateway.call(method, path, undefined, { 'X-Auth-Token': token });
      expect(answer).toMatchObject({ status: 401, body: { error_code: 'BackupSync.1005' } });
      expect(answer.headers.get('x-request-id')).toBe(answer.body.request_id);
    }
  });

  test('learns nothing about other projects, existing or not', async () => {
    const answer = await gateway.call('GET', '/v3/another-project/backups');
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'BackupSync.1006' } });
  });
});

describe('listings', () => {
  test('can be filtered, sorted, and paged by marker and offset to the end', async () => {
    const sync = ['l1', 'l2', 'l3'].map((id, index) => ({
      ...item,
      backup_id: id,
      backup_name: `list-${3 - index}`,
      resource_id: 'listed',
    }));
    const { body } = await gateway.call('POST', '/v3/{project_id}/backups/sync', { sync });
    for (const { operation_log_id } of body.sync) await gateway.ended(operation_log_id);
    const idsOf = async (query: string) => {
      const answer = await gateway.call('GET', `/v3/{project_id}/backups?resource_id=listed&${query}`);
      expect(answer.body.count).toBe(3);
      return answer.body.backups.map(({ id }: { id: string }) => id);
    };
    expect(await idsOf('sort=name:asc')).toEqual(['l3', 'l2', 'l1']);
    expect(await idsOf('sort=name:asc&limit=2')).toEqual(['l3', 'l2']);
    expect(await idsOf('sort=name:asc&limit=2&marker=l2')).toEqual(['l1']);
    expect(await idsOf('sort=name:asc&limit=1&marker=l3&offset=1')).toEqual(['l2']);
    expect(await idsOf('sort=name:asc&limit=2&offset=2')).toEqual(['l1']);
    expect(await idsOf('status=available,error&unknown_parameter=1&sort=id:desc')).toEqual(['l3', 'l2', 'l1']);

    const logs = await gateway.call('GET', '/v3/{project_id}/operation-logs?resource_id=listed&status=success&limit=2');
    expect(logs.body).toMatchObject({ count: 3, limit: 2, offset: 0 });
    const marker = logs.body.operation_logs[1].id;
    const next = await gateway.call(
      'GET',
      `/v3/{project_id}/operation-logs?resource_id=listed&limit=2&marker=${marker}`,
    );
    expect(next.body.operation_logs).toHaveLength(1);
  });

  test.each([
    'limit=0',
    'limit=ten',
    'sort=size',
    'status=lost',
    'start_time=today',
    'incremental=maybe',
    'marker=nobody',
  ])('refuse %s, and the error names the field', async (query) => {
    const answer = await gateway.call('GET', `/v3/{project_id}/backups?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body.error_msg).toContain(query.split('=')[0]);
  });
});

describe('DELETE /v3/{project_id}/backups/{backup_id}', () => {
  test('deletes and logs the record, leaves the bucket unchanged, and a sync imports the backup again', async () => {
    const mine = { ...item, backup_id: 'to-forget' };
    const sync = async () => {
      const { body } = await gateway.call('POST', '/v3/{project_id}/backups/sync', { sync: [mine] });
      return gateway.ended(body.sync[0].operation_log_id);
    };
    await sync();
    const gone = await gateway.call('DELETE', '/v3/{project_id}/backups/to-forget');
    expect(gone).toMatchObject({ status: 204, body: null });
    expect((await gateway.call('GET', '/v3/{project_id}/backups/to-forget')).body.error_code).toBe('BackupSync.1009');
    expect((await gateway.call('DELETE', '/v3/{project_id}/backups/to-forget')).status).toBe(404);
    const logs = await gateway.call('GET', '/v3/{project_id}/operation-logs?operation_type=delete');
    expect(logs.body.operation_logs[0]).toMatchObject({
      status: 'success',
      extra_info: { delete: { backup_id: 'to-forget' } },
    });
    expect(await sync()).toMatchObject({ status: 'success', backup_sync: { outcome: 'created' } });
  });
});

describe('every answer', () => {
  test.each([
    ['GET', '/v3/{project_id}/nothing', 404, 'BackupSync.1011'],
    ['GET', '/nothing', 404, 'BackupSync.1011'],
    ['PUT', '/v3/{project_id}/backups', 405, 'BackupSync.1012'],
    ['GET', '/v3/{project_id}/operation-logs/none', 404, 'BackupSync.1010'],
    ['GET', '/v3/%E0%A4%A/backups', 400, 'BackupSync.1001'],
  ])('to %s %s has the form of CBR and a request id', async (method, path, status, code) => {
    const answer = await gateway.call(method, path);
    expect(answer).toMatchObject({ status, body: { error_code: code, error_msg: expect.any(String) } });
    expect(answer.headers.get('x-request-id')).toBe(answer.body.request_id);
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  test('of health, readiness and OpenAPI needs no token', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json']) {
      const answer = await gateway.call('GET', path, undefined, { 'X-Auth-Token': '' });
      expect(answer.status).toBe(200);
    }
  });
});
