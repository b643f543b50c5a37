import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallOutput, UnaryCallName } from '@backup-sync/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { operationEnd } from '../testing/operation-end.ts';
import { startS3Server } from '../testing/s3-test-server.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';

/** Twice as many as a lane has places. */
const hangingChains = 4 * availableParallelism();

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

function writeFull(seed: string, blocks = 8): WrittenBackup {
  const [full] = writeSmallChain(seed, blocks, []);
  if (full === undefined) throw new Error('a chain has a full backup');
  return full;
}

const healthy = ['a', 'b', 'c'].map((seed) => writeFull(seed));
/** A backup with enough objects to be read by worker threads. */
const stalling = writeFull('stalling', 1_200);
const besideStalling = writeFull('beside');
const objectsOf = (backups: readonly WrittenBackup[]) =>
  Object.fromEntries(backups.flatMap(({ objects }) => [...objects]));

/**
 * An engine over S3. Buckets whose names begin with "hanging" never answer. Data in the bucket "stalling" never arrives
 * completely; `stalled` is fulfilled when it is read.
 */
async function openOverHangingBuckets() {
  await using stack = new AsyncDisposableStack();
  const stalled = Promise.withResolvers<void>();
  const buckets = { healthy: objectsOf(healthy), stalling: objectsOf([stalling, besideStalling]) };
  const server = stack.use(
    await startS3Server(buckets, undefined, {
      beforeAnswer: async (bucket) => {
        if (bucket.startsWith('hanging')) await new Promise(() => {});
      },
      beforeLastByte: async (bucket, key) => {
        if (bucket !== 'stalling' || !/-\d{5}$/.test(key)) return;
        stalled.resolve();
        await new Promise(() => {});
      },
    }),
  );
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-hanging-'));
  stack.defer(() => rm(home, { recursive: true }));
  const engine = stack.use(
    await openEmbeddedEngine({
      dataDirectory: join(home, 'data'),
      storage: `s3:${server.options.endpoint}`,
      onFault: (_, error) => expect.unreachable(String(error)),
    }),
  );
  const projectId = engine.identity.project.id;
  const caller = { kind: 'system', name: 'tester', projectId, role: 'operator' } as const;
  const call = <Name extends UnaryCallName>(name: Name, input: object): Promise<CallOutput<Name>> =>
    engine.call(name, { caller, requestId: 'request-1' }, { ...input, project_id: projectId });
  const start = async (backups: readonly WrittenBackup[], bucketOf: (index: number) => string) => {
    const items = backups.map((backup, index) => syncItemOf(backup, bucketOf(index)));
    const { sync } = await call('syncBackups', { sync: items });
    return sync.map(({ operation_log_id }) => operation_log_id);
  };
  const statusAtEnd = async (operationId: string) => (await operationEnd(engine, caller, operationId)).status;
  const owned = stack.move();
  return {
    stalled: stalled.promise,
    start,
    /** Syncs backups in one bucket, and waits until all have ended. */
    async sync(backups: readonly WrittenBackup[], bucket: string) {
      const statuses: string[] = [];
      for (const id of await start(backups, () => bucket)) statuses.push(await statusAtEnd(id));
      return statuses;
    },
    async startVerification({ plan }: WrittenBackup) {
      return (await call('verifyBackup', { backup_id: plan.backupId, level: 'content' })).operation_id;
    },
    cancel: (operation_id: string) => call('cancelOperation', { operation_id }),
    statusAtEnd,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test.each([
  ['in one bucket', () => 'hanging'],
  ['in a bucket each', (index: number) => `hanging-${index}`],
])(
  'while twice as many chains as there are places hang %s, a sync of three in another bucket ends within 5 s',
  async (_, bucketOf) => {
    await using over = await openOverHangingBuckets();
    const hanging = Array.from({ length: hangingChains }, (_, index) => writeFull(`hanging-${index}`));
    await over.start(hanging, bucketOf);
    const beganMs = performance.now();
    expect(await over.sync(healthy, 'healthy')).toEqual(['success', 'success', 'success']);
    expect(performance.now() - beganMs).toBeLessThan(5_000);
  },
);

test('a verification whose data stops coming delays no other, and once cancelled delays nothing', async () => {
  await using over = await openOverHangingBuckets();
  expect(await over.sync([stalling], 'stalling')).toEqual(['success']);
  expect(await over.sync(healthy, 'healthy')).toEqual(['success', 'success', 'success']);
  const stuck = await over.startVerification(stalling);
  await over.stalled;
  const [backup = stalling] = healthy;
  expect(await over.statusAtEnd(await over.startVerification(backup))).toBe('success');
  await over.cancel(stuck);
  expect(await over.statusAtEnd(stuck)).toBe('failed');
  expect(await over.sync([besideStalling], 'stalling')).toEqual(['success']);
});
