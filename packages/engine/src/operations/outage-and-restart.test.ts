import { rm } from 'node:fs/promises';
import { type CallOutput, hasEnded, toWireTime, type UnaryCallName } from '@backup-sync/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { operationEnd } from '../testing/operation-end.ts';
import { startS3Server } from '../testing/s3-test-server.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const bucketName = 'volumebackups';
const chain = writeSmallChain('restart', 8, [[1]]);

// The retries take real time.
vi.setConfig({ testTimeout: 60_000 });

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

test('a restart in an outage keeps the retries so far, and the items succeed when storage answers again', async () => {
  await using stack = new AsyncDisposableStack();
  let isAway = true;
  const objects = Object.fromEntries(chain.flatMap((backup) => [...backup.objects]));
  const refuse = () => (isAway ? { status: 500, code: 'InternalError' } : null);
  const server = stack.use(await startS3Server({ [bucketName]: objects }, refuse));
  const dataDirectory = `${stack.use(await makeTestBuckets()).directory}-data`;
  stack.defer(() => rm(dataDirectory, { recursive: true, force: true }));
  const faults: unknown[] = [];
  const open = () =>
    openEmbeddedEngine({
      dataDirectory,
      storage: `s3:${server.options.endpoint}`,
      onFault: (_, error) => faults.push(error),
    });
  let engine = await open();
  stack.defer(() => engine[Symbol.asyncDispose]());
  const callerOf = () =>
    ({ kind: 'system', name: 'tester', projectId: engine.identity.project.id, role: 'operator' }) as const;
  const call = <Name extends UnaryCallName>(name: Name, input: object): Promise<CallOutput<Name>> => {
    const caller = callerOf();
    return engine.call(name, { caller, requestId: 'request-1' }, { ...input, project_id: caller.projectId });
  };
  const show = async (id: string) => (await call('showOperation', { operation_id: id })).operation;
  const attemptsBeyond = async (id: string, attempts: number) => {
    const look = async () => {
      const { status, waiting_for } = await show(id);
      expect(hasEnded(status)).toBe(false);
      return waiting_for !== null && waiting_for.attempts > attempts ? waiting_for : null;
    };
    return await vi.waitUntil(look, { timeout: 30_000 });
  };

  const { sync } = await call('syncBackups', { sync: chain.map((backup) => syncItemOf(backup, bucketName)) });
  const ids = sync.map(({ operation_log_id }) => operation_log_id);
  const [id = ''] = ids;
  // The bucket can be listed, so from the second attempt on the operation waits for its object, not for the bucket.
  const before = await attemptsBeyond(id, 1);
  await engine[Symbol.asyncDispose]();
  const restartedAt = toWireTime(Date.now());
  engine = await open();
  const after = await attemptsBeyond(id, before.attempts);
  expect(after.reason.code).toBe('storage_unreachable');
  // Times on the wire sort as text.
  expect(after.since < restartedAt).toBe(true);
  isAway = false;
  for (const each of ids) {
    expect(await operationEnd(engine, callerOf(), each)).toMatchObject({
      status: 'success',
      result: { outcome: 'created' },
    });
  }
  expect(faults).toEqual([]);
});
