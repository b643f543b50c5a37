import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallOutput, UnaryCallName } from '@backup-sync/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { operationEnd } from '../testing/operation-end.ts';
import { startS3Server } from '../testing/s3-test-server.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { TestClock } from '../testing/test-clock.ts';

const bucket = 'shared';

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

/** An engine over S3 with two projects, the first with a grant for the bucket, and a clock that only moves when set. */
async function openOverS3() {
  await using stack = new AsyncDisposableStack();
  const chain = writeSmallChain('meanwhile', 16, [[1]]);
  const asked: string[] = [];
  let atFirstRead = async () => {};
  const server = stack.use(
    await startS3Server({ [bucket]: Object.fromEntries(chain.flatMap(({ objects }) => [...objects])) }, async (key) => {
      if (asked.push(key) === 1) await atFirstRead();
      return null;
    }),
  );
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-s3-'));
  stack.defer(() => rm(home, { recursive: true }));
  const faults: unknown[] = [];
  const clock = new TestClock();
  const open = () =>
    openEmbeddedEngine({
      dataDirectory: join(home, 'data'),
      storage: `s3:${server.options.endpoint}`,
      environment: { region: 'us-east-1' },
      runsSources: true,
      clock,
      onFault: (_, error) => faults.push(error),
    });
  const running = { engine: await open() };
  stack.defer(() => running.engine[Symbol.asyncDispose]());
  const project_id = running.engine.identity.project.id;
  const caller = { kind: 'system', name: 'tester', projectId: project_id, role: 'administrator' } as const;
  const call = <Name extends UnaryCallName>(name: Name, input: object): Promise<CallOutput<Name>> =>
    running.engine.call(name, { caller, requestId: 'request-1' }, { ...input, project_id });
  const place = { target_project_id: project_id, bucket_name: bucket };
  await call('createProject', { name: 'second' });
  await call('grantBucket', place);
  const owned = stack.move();
  return {
    chain,
    asked,
    faults,
    clock,
    call,
    revoke: () => call('revokeBucket', place),
    duringFirstRead(act: () => Promise<void>) {
      atFirstRead = act;
    },
    ended: (operationId: string) => operationEnd(running.engine, caller, operationId),
    async restart() {
      await running.engine[Symbol.asyncDispose]();
      running.engine = await open();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Time for a run to start, on a busy machine. */
const soon = { interval: 10, timeout: 30_000 };

const denied = { status: 'failed', reason: { code: 'access_denied' } };

test('a running import stops reading once its grant is revoked, and one waiting behind it reads nothing', async () => {
  await using opened = await openOverS3();
  const { asked, call, chain, clock, ended } = opened;
  const [backup] = chain;
  if (backup === undefined) throw new Error('the chain has a full backup');
  const item = syncItemOf(backup, bucket);
  const behind: string[] = [];
  opened.duringFirstRead(async () => {
    const { sync } = await call('syncBackups', { sync: [{ ...item, backup_name: 'another name' }] });
    behind.push(...sync.map((each) => each.operation_log_id));
    await opened.revoke();
    // Running work may use a revoked grant for this long.
    clock.timeMs += 5_000;
  });
  const { sync } = await call('syncBackups', { sync: [item] });
  expect(await ended(sync[0]?.operation_log_id ?? '')).toMatchObject(denied);
  expect(await ended(behind[0] ?? '')).toMatchObject(denied);
  expect(asked).toHaveLength(1);
  expect((await call('listBackups', {})).backups.filter(({ status }) => status === 'available')).toEqual([]);
  expect(opened.faults).toEqual([]);
});

test('a source that is due after its grant was revoked reads nothing, and says why', async () => {
  await using opened = await openOverS3();
  const { asked, call, ended } = opened;
  const { source } = await call('addSource', { name: 'hourly', bucket_name: bucket, interval_s: 3600 });
  await opened.restart();
  const runOtherThan = async (before: string | null) => {
    const lastRun = async () => (await call('showSource', { source_id: source.id })).source.last_run_id;
    await expect.poll(lastRun, soon).not.toBe(before);
    return await ended((await lastRun()) ?? '');
  };
  const first = await runOtherThan(null);
  expect(first).toMatchObject({ status: 'success', progress: { imports_accepted: 2 } });
  const { findings } = await call('listScanFindings', { operation_id: first.id });
  for (const { operation_log_id: id } of findings) if (id !== null) await ended(id);
  const before = asked.length;

  await opened.revoke();
  opened.clock.timeMs += 3600 * 1000;
  await opened.restart();
  expect(await runOtherThan(first.id)).toMatchObject({ ...denied, requests: { lists: 0, gets: 0 } });
  expect(asked).toHaveLength(before);
  expect(opened.faults).toEqual([]);
});
