import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallOutput, UnaryCallName } from '@backup-sync/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { writeEtcdSnapshot } from '../testing/etcd-writer.ts';
import { operationEnd } from '../testing/operation-end.ts';
import { startS3Server } from '../testing/s3-test-server.ts';
import { TestClock } from '../testing/test-clock.ts';

const bucket = 'backups';
const dayS = 24 * 60 * 60;
const snapshots = [1, 2].map((day) =>
  writeEtcdSnapshot({
    ...{ seed: `snapshot ${day}`, folder: 'cluster-a', madeAtMs: Date.UTC(2026, 10, 20 + day, 2) },
    ...{ pageBytes: 4096, pages: 8, kind: 'snapshot' },
  }),
);
const allBytes = snapshots.reduce((sum, { bytes }) => sum + bytes.length, 0);

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

/** A source with level content over S3, which reads snapshots again after a day. */
async function openSource() {
  await using stack = new AsyncDisposableStack();
  const objects = Object.fromEntries(snapshots.map(({ imagePath, bytes }) => [imagePath, bytes]));
  const server = stack.use(await startS3Server({ [bucket]: objects }));
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-etcd-'));
  stack.defer(() => rm(home, { recursive: true }));
  const faults: unknown[] = [];
  const clock = new TestClock();
  const engine = stack.use(
    await openEmbeddedEngine({
      dataDirectory: join(home, 'data'),
      storage: `s3:${server.options.endpoint}`,
      onFault: (_, error) => faults.push(error),
      clock,
    }),
  );
  const caller = { kind: 'system', name: 'ada', projectId: engine.identity.project.id, role: 'operator' } as const;
  const call = <Name extends UnaryCallName>(name: Name, input: object): Promise<CallOutput<Name>> =>
    engine.call(name, { caller, requestId: 'request' }, { ...input, project_id: caller.projectId });
  const fields = { name: 'nightly', bucket_name: bucket, level: 'content', reverify_after_s: dayS };
  const { source } = await call('addSource', fields);
  const owned = stack.move();
  return {
    ...{ call, clock, faults, server },
    /** Runs the source with all that it starts. Returns the bytes that its verifications read. */
    async run(): Promise<number> {
      clock.timeMs += 1000;
      const { operation_id } = await call('scanSource', { source_id: source.id });
      await operationEnd(engine, caller, operation_id);
      const { findings } = await call('listScanFindings', { operation_id });
      for (const { operation_log_id: id } of findings) if (id !== null) await operationEnd(engine, caller, id);
      let bytesRead = 0;
      const { operations } = await call('listOperations', { kind: ['verify'] });
      for (const { id } of operations.filter((each) => each.parent_operation_id === operation_id)) {
        bytesRead += (await operationEnd(engine, caller, id)).requests?.bytes_read ?? 0;
      }
      return bytesRead;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test('a source reads each snapshot once, and again only when it is due', async () => {
  await using source = await openSource();
  expect(await source.run()).toBeGreaterThanOrEqual(allBytes);
  const { backups } = await source.call('listBackups', {});
  expect(backups.map(({ backup_sync: own }) => [own.format, own.level])).toEqual([
    ['etcd', 'content'],
    ['etcd', 'content'],
  ]);
  expect(await source.run()).toBe(0);
  source.clock.timeMs += dayS * 1000;
  expect(await source.run()).toBeGreaterThanOrEqual(allBytes);
  expect(source.faults).toEqual([]);
});

test('a damaged snapshot is read and found, and is read again once it was put back', async () => {
  await using source = await openSource();
  await source.run();
  const [snapshot] = snapshots;
  if (snapshot === undefined) throw new Error('there are snapshots');
  const { imagePath, bytes } = snapshot;
  const shown = async () => {
    const { backups } = await source.call('listBackups', {});
    return backups.find(({ backup_sync: own }) => own.image_path === imagePath);
  };
  const rotten = Uint8Array.from(bytes);
  rotten[20_000] = (rotten[20_000] ?? 0) ^ 1;
  source.server.replace(bucket, imagePath, rotten);
  expect(await source.run()).toBeGreaterThanOrEqual(bytes.length);
  expect(await shown()).toMatchObject({ status: 'error', backup_sync: { reason: { code: 'content_mismatch' } } });

  source.server.replace(bucket, imagePath, bytes);
  expect(await source.run()).toBeGreaterThanOrEqual(bytes.length);
  expect(await shown()).toMatchObject({ status: 'available', backup_sync: { level: 'content' } });
  source.clock.timeMs += dayS * 1000;
  expect(await source.run()).toBeGreaterThanOrEqual(allBytes);
  expect(source.faults).toEqual([]);
});
