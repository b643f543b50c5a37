import { expect, test } from 'vitest';
import { makeSource } from '../catalogue/fixtures-for-conformance.ts';
import { startSourceRun } from '../sources/start-source-run.ts';
import { type ChangingRepository, openChangingRepository } from '../testing/changing-repository.ts';
import { openServicesOver } from '../testing/services-over.ts';

const bucketName = 'backups';
const dayMs = 24 * 60 * 60 * 1000;

/** A source that reads the data of a repository of restic again after a day. */
async function watch(repository: ChangingRepository) {
  const over = await openServicesOver(repository.storage, bucketName);
  const { services, projectId, clock } = over;
  const { catalogue } = services;
  const place = { storageUnitId: repository.storage.id, bucketName, prefix: '', nextRunAtMs: null };
  const reading = { format: null, pathTemplate: null, level: 'content', reverifyAfterS: dayMs / 1000 } as const;
  const source = makeSource(projectId, 'source-1', { ...place, ...reading });
  await catalogue.sources.addSource(source);
  return {
    clock,
    /** Runs the source, and returns its verifications in the order in which they were accepted. */
    async run() {
      clock.timeMs += 1000;
      const origin = { actor: { kind: 'system', name: 'ada' }, requestId: 'r', confirmsRemovals: false } as const;
      const id = (await startSourceRun(services, source, origin))?.operationId ?? '';
      await over.workOnAll();
      const page = await catalogue.operations.listOperations({ project_id: projectId, limit: 1000, offset: 0 });
      const rows = page === 'marker_not_found' ? [] : page.rows;
      const own = rows.filter((row) => row.parentOperationId === id && row.kind === 'verify').toReversed();
      return await Promise.all(own.map((row) => catalogue.operations.showOperation(projectId, row.id)));
    },
    /** Verifies a snapshot because somebody asks for it. */
    async verify(imagePath: string) {
      clock.timeMs += 1000;
      const request = { level: 'content', readAfterMs: clock.nowMs() };
      const operation = over.newOperation({ kind: 'verify', backupId: imagePath.slice(-64), request });
      await catalogue.operations.addOperation(operation);
      await over.runOperation(operation.id);
      return await catalogue.operations.showOperation(projectId, operation.id);
    },
    recordOf: (imagePath: string) => catalogue.backups.showBackup(projectId, imagePath.slice(-64)),
    faults: over.faults,
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}

const proved = { status: 'success', result: { level: 'metadata' } };

test('a source reads a repository once for all its snapshots, and again only when that is due', async () => {
  const repository = openChangingRepository(bucketName, 3);
  const { snapshots, objects } = repository.written;
  await using source = await watch(repository);
  const [first, ...others] = await source.run();
  // Everything but the other snapshots: the key while the snapshot is proved.
  expect(first).toMatchObject({ ...proved, requests: { gets: objects.size - 2 } });
  expect(first?.message).toContain('has the SHA-256 that its name says');
  // The snapshot itself, the key, and the config, which has no digest.
  expect(others).toMatchObject([1, 2].map(() => ({ ...proved, requests: { gets: 3 } })));
  for (const imagePath of snapshots) {
    expect(await source.recordOf(imagePath)).toMatchObject({
      ...{ status: 'available', level: 'metadata' },
      facts: [{ code: 'objects_match_names' }],
    });
  }

  expect(await source.run()).toEqual([]);
  repository.backUp();
  // The new snapshot, pack and object of the index, the key, and the config.
  expect(await source.run()).toMatchObject([{ ...proved, requests: { gets: 5 } }]);
  source.clock.timeMs += dayMs;
  const again = await source.run();
  expect(again[0]?.requests?.gets).toBeGreaterThanOrEqual(objects.size);
  expect(again).toMatchObject([1, 2, 3, 4].map(() => proved));
  expect(source.faults).toEqual([]);
});

test('a damaged pack breaks all snapshots, each until the pack is read again and is right', async () => {
  const repository = openChangingRepository(bucketName);
  const [snapshot = '', other = ''] = repository.written.snapshots;
  await using source = await watch(repository);
  await source.run();
  const key = repository.keysIn('data')[1] ?? '';
  const { bytes, modifiedAtMs } = repository.take(key);
  repository.put(
    key,
    bytes.map((byte, at) => (at === 300 ? byte ^ 1 : byte)),
    modifiedAtMs,
  );
  const fault = { code: 'content_mismatch', detail: expect.stringContaining('only the password can tell') };
  expect(await source.verify(snapshot)).toMatchObject({ status: 'failed', fault });
  expect(await source.recordOf(snapshot)).toMatchObject({ status: 'error', level: 'metadata', fault, facts: [] });
  const next = repository.backUp();
  await source.run();
  for (const imagePath of [snapshot, other, next]) {
    expect(await source.recordOf(imagePath)).toMatchObject({ status: 'error', level: 'metadata', fault, facts: [] });
  }

  repository.put(key, bytes, modifiedAtMs);
  expect(await source.verify(snapshot)).toMatchObject(proved);
  expect(await source.recordOf(snapshot)).toMatchObject({
    ...{ status: 'available', level: 'metadata', fault: null },
    facts: [{ code: 'objects_match_names' }],
  });
  // What was found with the others is older than that.
  await source.run();
  expect(await source.recordOf(snapshot)).toMatchObject({ status: 'available' });
  expect(await source.recordOf(other)).toMatchObject({ status: 'error', fault });
  for (const imagePath of [other, next]) {
    expect(await source.verify(imagePath)).toMatchObject(proved);
    expect(await source.recordOf(imagePath)).toMatchObject({ status: 'available', fault: null });
  }
  expect(source.faults).toEqual([]);
});

test('a damaged pack that a prune has removed, or that was written again, breaks no other snapshot', async () => {
  const repository = openChangingRepository(bucketName);
  const [snapshot = '', other = ''] = repository.written.snapshots;
  await using source = await watch(repository);
  await source.run();
  const key = repository.keysIn('data')[1] ?? '';
  const { bytes, modifiedAtMs } = repository.take(key);
  const damage = () =>
    repository.put(
      key,
      bytes.map((byte, at) => (at === 300 ? byte ^ 1 : byte)),
      modifiedAtMs,
    );
  damage();
  expect(await source.verify(snapshot)).toMatchObject({ status: 'failed', fault: { code: 'content_mismatch' } });
  repository.put(key, bytes, source.clock.nowMs() + 1000);
  await source.run();
  expect(await source.recordOf(other)).toMatchObject({ status: 'available' });
  damage();
  repository.prune(key);
  await source.run();
  expect(await source.recordOf(other)).toMatchObject({ status: 'available', fault: null });
  expect(await source.recordOf(snapshot)).toMatchObject({ status: 'available', fault: null });
  expect(source.faults).toEqual([]);
});

test('what a prune wrote is read with the next snapshot, and what was shown before stays', async () => {
  const repository = openChangingRepository(bucketName);
  const [snapshot = ''] = repository.written.snapshots;
  await using source = await watch(repository);
  await source.run();
  const before = (await source.recordOf(snapshot))?.facts;
  repository.prune();
  expect(await source.run()).toEqual([]);
  expect((await source.recordOf(snapshot))?.facts).toEqual(before);
  repository.backUp();
  // The new snapshot, its pack, two objects of the index, the key, and the config.
  expect(await source.run()).toMatchObject([{ ...proved, requests: { gets: 6 } }]);
});
