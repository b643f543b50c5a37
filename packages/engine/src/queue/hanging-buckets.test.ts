import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackupSync, type CallName, hasEnded, type OperationOutput } from '@backup-sync/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
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

/** An engine over S3, of which buckets whose name begins with "hanging" never answer. */
async function openOverHangingBuckets() {
  await using stack = new AsyncDisposableStack();
  const healthy = ['a', 'b', 'c'].map((seed) => writeSmallChain(seed, 8, [])[0]);
  const objects = Object.fromEntries(healthy.flatMap((backup) => [...(backup?.objects ?? [])]));
  const asked = new Map<string, number>();
  const server = stack.use(
    await startS3Server({ healthy: objects }, undefined, {
      beforeAnswer: async (bucket) => {
        asked.set(bucket, (asked.get(bucket) ?? 0) + 1);
        if (bucket.startsWith('hanging')) await new Promise(() => {});
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
  const call = <Name extends CallName>(name: Name, input: object): Promise<OperationOutput<Name>> =>
    engine.call(name, { caller, requestId: 'request-1' }, { ...input, project_id: projectId });
  const sync = async (items: readonly BackupSync[]) => {
    const answer = await call('syncBackups', { sync: items });
    return answer.sync.map(({ operation_log_id }) => operation_log_id);
  };
  const owned = stack.move();
  return {
    asked,
    sync,
    /** Syncs the three healthy backups to their end. */
    async syncHealthy() {
      const ids = await sync(
        healthy.flatMap((backup) => (backup === undefined ? [] : [syncItemOf(backup, 'healthy')])),
      );
      const statuses: string[] = [];
      for (const id of ids) {
        let { operation_log: log } = await call('showOperationLog', { operation_log_id: id });
        while (!hasEnded(log.status))
          ({ operation_log: log } = await call('showOperationLog', { operation_log_id: id }));
        statuses.push(log.status);
      }
      return statuses;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function hangingItems(bucketOf: (index: number) => string): BackupSync[] {
  return Array.from({ length: hangingChains }, (_, index) => {
    const [backup] = writeSmallChain(`hanging-${index}`, 8, []);
    if (backup === undefined) throw new Error('a chain has a full backup');
    return syncItemOf(backup, bucketOf(index));
  });
}

test.each([
  ['in one bucket', () => 'hanging'],
  ['in a bucket each', (index: number) => `hanging-${index}`],
])(
  'twice as many chains as there are places hang, %s, and a sync of three in another bucket ends within 5 s',
  async (_, bucketOf) => {
    await using over = await openOverHangingBuckets();
    await over.sync(hangingItems(bucketOf));
    const beganMs = performance.now();
    expect(await over.syncHealthy()).toEqual(['success', 'success', 'success']);
    expect(performance.now() - beganMs).toBeLessThan(5_000);
  },
);
