import type { AppRouter } from '@backup-sync/trpc';
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { specificationExample, startTestGateway, type TestGateway } from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ [specificationExample.bucket_name]: { 'a/b': 'bytes' } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

function client(token = gateway.token) {
  return createTRPCClient<AppRouter>({
    links: [httpBatchLink({ url: `${gateway.endpoint}/trpc`, headers: { 'X-Auth-Token': token } })],
  });
}

test('tRPC has the same calls, typed', async () => {
  const trpc = client();
  const project_id = gateway.projectId;
  const { sync } = await trpc.syncBackups.mutate({
    project_id,
    sync: [{ ...specificationExample, image_path: 'a/b' }],
  });
  const [accepted] = sync;
  const log = await gateway.ended(accepted?.operation_log_id ?? '');
  expect(log.status).toBe('success');
  const [shown, listed] = await Promise.all([
    trpc.showOperationLog.query({ project_id, operation_log_id: log.id }),
    trpc.listBackups.query({ project_id, limit: 5, sort: 'name:asc' }),
  ]);
  expect(shown.operation_log).toEqual(log);
  expect(listed.backups.map(({ id }) => id)).toEqual([specificationExample.backup_id]);
  await trpc.deleteBackup.mutate({ project_id, backup_id: specificationExample.backup_id });
  await expect(trpc.showBackup.query({ project_id, backup_id: specificationExample.backup_id })).rejects.toMatchObject({
    data: { errorCode: 'backup_not_found', number: 'BackupSync.1009', httpStatus: 404 },
  });
});

test('invalid input is refused with the place of every problem, as over REST', async () => {
  const refused = client().syncBackups.mutate({
    project_id: gateway.projectId,
    sync: [{ ...specificationExample, backup_name: '' }],
  });
  await expect(refused).rejects.toMatchObject({
    data: {
      errorCode: 'invalid_request',
      httpStatus: 400,
      problems: [{ place: 'sync[0].backup_name', message: 'must have 1 to 64 characters, has 0' }],
    },
  });
});

test('refusals by tRPC itself have the same codes', async () => {
  const call = async (method: string, path: string, body?: string, type = 'application/json') => {
    const headers = { 'X-Auth-Token': gateway.token, 'Content-Type': type };
    const response = await fetch(`${gateway.endpoint}/trpc/${path}`, { method, headers, ...(body && { body }) });
    // biome-ignore lint/suspicious/noExplicitAny: the test checks what it expects.
    const answer: any = await response.json();
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    return [response.status, answer.error.data.errorCode];
  };
  expect(await call('POST', 'syncBackups', '{"project_id":')).toEqual([400, 'malformed_json']);
  expect(await call('GET', 'listBackups?input=%7B')).toEqual([400, 'malformed_json']);
  expect(await call('GET', 'syncBackups')).toEqual([405, 'method_not_allowed']);
  expect(await call('POST', 'nothing', '{}')).toEqual([404, 'route_not_found']);
  expect(await call('POST', 'syncBackups', 'a=b', 'text/plain')).toEqual([415, 'not_json']);
  const large = JSON.stringify({ project_id: 'x'.repeat(2 ** 20) });
  expect(await call('POST', 'syncBackups', large)).toEqual([413, 'body_too_large']);
});

test('calls made together go into one request, and each fails on its own', async () => {
  const requests: string[] = [];
  const trpc = createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: `${gateway.endpoint}/trpc`,
        headers: { 'X-Auth-Token': gateway.token },
        fetch: (url, init) => {
          requests.push(String(url));
          return fetch(url, init as RequestInit);
        },
      }),
    ],
  });
  const { projectId: project_id } = gateway;
  const [listed, missing] = await Promise.allSettled([
    trpc.listOperationLogs.query({ project_id, limit: 1 }),
    trpc.showBackup.query({ project_id, backup_id: 'missing' }),
  ]);
  expect(listed).toMatchObject({ status: 'fulfilled', value: { limit: 1 } });
  expect(missing).toMatchObject({ status: 'rejected', reason: { data: { errorCode: 'backup_not_found' } } });
  expect(requests).toHaveLength(1);
});

test('an invalid token and another project are refused with the same codes as over REST', async () => {
  const badToken = client('nonsense').listBackups.query({ project_id: gateway.projectId });
  await expect(badToken).rejects.toMatchObject({ data: { errorCode: 'not_authenticated', httpStatus: 401 } });
  const otherProject = client().listBackups.query({ project_id: 'another' });
  await expect(otherProject).rejects.toBeInstanceOf(TRPCClientError);
  await expect(otherProject).rejects.toMatchObject({ data: { errorCode: 'project_not_allowed', httpStatus: 403 } });
});
