import type { ICredential } from '@huaweicloud/huaweicloud-sdk-core/auth/ICredential.js';
import { HcClient, type HttpRequestOptions } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from './sdk-logger-for-tests.ts';
import { specificationExample, startTestGateway, type TestGateway } from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ [specificationExample.bucket_name]: { 'a/b/disk': 'bytes' } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Prepares a request of the SDK before it is sent; here, it adds the token. */
function tokenCredential(token: string): ICredential {
  const credential: ICredential = {
    getAk: () => undefined,
    getSk: () => undefined,
    processAuthParams: async () => credential,
    processAuthRequest: async (_client, request) => {
      request.headers = { ...request.headers, 'X-Auth-Token': token };
      return request;
    },
  };
  return credential;
}

/** The core of the official SDK, called as its generated clients do. */
function sdk(token = gateway.token) {
  const client = new HcClient(new DefaultHttpClient({ logger: silentLogger }, [gateway.endpoint]))
    .withCredential(tokenCredential(token))
    .withEndpoints([gateway.endpoint]);
  return async (method: string, path: string, options: { query?: object; body?: object } = {}) => {
    const request = {
      method,
      url: `/v3/{project_id}${path}`,
      contentType: 'application/json',
      queryParams: { ...options.query },
      pathParams: { project_id: gateway.projectId },
      headers: {},
      ...(options.body !== undefined && { data: options.body }),
    } satisfies HttpRequestOptions;
    // biome-ignore lint/suspicious/noExplicitAny: the SDK gives answers any shape.
    return (await client.sendRequest(request)) as any;
  };
}

test('the official Node SDK can import a backup, follow the import, list the backup and delete it', async () => {
  const call = sdk();
  const item = { ...specificationExample, image_path: 'a/b', backup_name: '备份_one-1' };
  const accepted = await call('POST', '/backups/sync', { body: { sync: [item] } });
  expect(accepted).toMatchObject({ httpStatusCode: 200, sync: [{ backup_id: item.backup_id }] });
  const id = accepted.sync[0].operation_log_id;
  await gateway.ended(id);
  const shown = await call('GET', `/operation-logs/${id}`);
  expect(shown.operation_log).toMatchObject({
    id,
    status: 'success',
    extra_info: { backup: { backup_name: '备份_one-1' } },
  });
  const listed = await call('GET', '/backups', {
    query: { name: '备份_one-1', sort: 'created_at:asc,name', status: 'available,error', limit: 5, dec: false },
  });
  expect(listed).toMatchObject({ count: 1, limit: 5, offset: 0, backups: [{ id: item.backup_id }] });
  expect(await call('DELETE', `/backups/${item.backup_id}`)).toMatchObject({ httpStatusCode: 204 });
});

test('the official Node SDK understands refusals', async () => {
  await expect(sdk()('GET', '/backups/missing')).rejects.toMatchObject({
    httpStatusCode: 404,
    errorCode: 'BackupSync.1009',
    errorMsg: 'no backup missing is recorded',
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  await expect(sdk()('GET', '/backups', { query: { limit: 0 } })).rejects.toMatchObject({
    httpStatusCode: 400,
    errorMsg: expect.stringContaining('limit'),
  });
  await expect(sdk('no')('GET', '/backups')).rejects.toMatchObject({ httpStatusCode: 401 });
});
