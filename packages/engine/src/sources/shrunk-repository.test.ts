import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeSource } from '../catalogue/fixtures-for-conformance.ts';
import { type ChangingRepository, openChangingRepository } from '../testing/changing-repository.ts';
import { writeResticKey } from '../testing/restic-writer.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { startSourceRun } from './start-source-run.ts';

const bucketName = 'backups';

/** A source that watches a repository of restic. */
async function watch(repository: ChangingRepository) {
  const over = await openServicesOver(repository.storage, bucketName);
  const { services, projectId } = over;
  const { catalogue } = services;
  const place = { storageUnitId: repository.storage.id, bucketName, prefix: '', nextRunAtMs: null };
  const source = makeSource(projectId, 'source-1', { ...place, format: null, pathTemplate: null, level: 'linkage' });
  await catalogue.sources.addSource(source);
  return {
    /** Runs the source, and returns how it ended, what it cost, and which backups it imported. */
    async run() {
      const origin = { actor: { kind: 'system', name: 'ada' }, requestId: 'r', confirmsRemovals: false } as const;
      const id = (await startSourceRun(services, source, origin))?.operationId ?? '';
      await over.workOnAll();
      const operation = await catalogue.operations.showOperation(projectId, id);
      const page = await catalogue.operations.listOperations({ project_id: projectId, limit: 1000, offset: 0 });
      const imports = page === 'marker_not_found' ? [] : page.rows.filter((row) => row.parentOperationId === id);
      const findings = await catalogue.operations.listFindings(id, 0, 1000);
      return { operation, imports: imports.map(({ backupId }) => backupId ?? ''), findings };
    },
    recordOf: (imagePath: string) => catalogue.backups.showBackup(projectId, imagePath.slice(-64)),
    faults: over.faults,
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}

/** A key of the repository, and its bytes. */
function keyOf(seed: string) {
  const bytes = writeResticKey(seed);
  return [`office/keys/${createHash('sha256').update(bytes).digest('hex')}`, bytes] as const;
}

const idOf = (imagePath: string) => imagePath.slice(-64);
const fine = { status: 'success', result: { err_sync_backup_num: 0 } };
const plain = { status: 'available', level: 'metadata', form: { ceiling: 'metadata', gaps: ['packs_unlisted'] } };
const shrunk = { ...plain, form: { ceiling: 'metadata', gaps: ['packs_unlisted', 'objects_disappeared'] } };
const counted = {
  operation: {
    status: 'failed',
    fault: { code: 'objects_disappeared', detail: expect.stringContaining('backups/office, ') },
    result: { err_sync_backup_num: 1 },
    progress: { problems: 1 },
  },
};

test('backups, forgotten snapshots and prunes of a healthy repository are no problem, and cost one listing', async () => {
  const repository = openChangingRepository(bucketName);
  const [first = '', second = ''] = repository.written.snapshots;
  await using source = await watch(repository);
  const begin = await source.run();
  expect(begin.operation).toMatchObject({ ...fine, requests: { lists: 1 } });
  expect(begin.imports.toSorted()).toEqual([first, second].map(idOf).toSorted());
  expect(await source.recordOf(first)).toMatchObject(plain);

  expect(await source.run()).toMatchObject({ operation: { ...fine, requests: { lists: 1, gets: 0 } }, imports: [] });

  const third = repository.backUp();
  expect(await source.run()).toMatchObject({ operation: fine, imports: [idOf(third)] });
  // A pack of a backup that still runs.
  const leftover = repository.add('data', 'of a backup that runs');
  expect(await source.run()).toMatchObject({ operation: { ...fine, requests: { lists: 1, gets: 0 } }, imports: [] });

  repository.remove(first);
  expect(await source.run()).toMatchObject({ operation: fine, imports: [] });
  repository.prune(repository.keysIn('data')[0] ?? '', leftover);
  const pruned = await source.run();
  expect(pruned.operation).toMatchObject(fine);
  expect(pruned.imports.toSorted()).toEqual([second, third].map(idOf).toSorted());
  for (const imagePath of [second, third]) expect(await source.recordOf(imagePath)).toMatchObject(plain);
  expect(await source.run()).toMatchObject({ operation: { ...fine, requests: { gets: 0 } }, imports: [] });
  expect(source.faults).toEqual([]);
});

test('a pack that is gone without a new index is a problem of each run until the index is written again', async () => {
  const repository = openChangingRepository(bucketName);
  const [first = ''] = repository.written.snapshots;
  await using source = await watch(repository);
  await source.run();
  repository.remove(repository.keysIn('data')[1] ?? '');
  expect(await source.run()).toMatchObject(counted);
  expect(await source.recordOf(first)).toMatchObject(shrunk);
  const again = await source.run();
  expect(again).toMatchObject({ ...counted, imports: [] });
  expect(again.operation).toMatchObject({ requests: { lists: 1, gets: 0 } });
  expect(again.findings).toMatchObject([
    { finding: { format: 'restic', image_path: 'office', sync: null, problem: { code: 'objects_disappeared' } } },
  ]);
  // A backup in the meantime does not hide it.
  const next = repository.backUp();
  expect(await source.run()).toMatchObject({ ...counted, imports: [idOf(next)] });
  repository.prune();
  expect((await source.run()).operation).toMatchObject(fine);
  expect(await source.recordOf(first)).toMatchObject(plain);
  expect((await source.run()).imports).toEqual([]);
});

test('a key that is added or removed hides no pack that is gone', async () => {
  const repository = openChangingRepository(bucketName);
  const [first = ''] = repository.written.snapshots;
  await using source = await watch(repository);
  await source.run();
  const [key, bytes] = keyOf('spare');
  repository.put(key, bytes);
  repository.remove(repository.keysIn('data')[1] ?? '');
  expect(await source.run()).toMatchObject(counted);
  expect(await source.recordOf(first)).toMatchObject(shrunk);
  repository.put(...keyOf('another'));
  expect(await source.run()).toMatchObject(counted);
  expect(await source.recordOf(first)).toMatchObject(shrunk);
  repository.remove(key);
  expect(await source.run()).toMatchObject(counted);
  expect(await source.run()).toMatchObject({ ...counted, imports: [] });
  expect(source.faults).toEqual([]);
});

test('packs that are gone together with their index, while nothing was written, are the same problem', async () => {
  const repository = openChangingRepository(bucketName);
  const [first = ''] = repository.written.snapshots;
  await using source = await watch(repository);
  await source.run();
  repository.remove(repository.keysIn('index')[0] ?? '', repository.keysIn('data')[0] ?? '');
  expect(await source.run()).toMatchObject(counted);
  expect(await source.recordOf(first)).toMatchObject(shrunk);
});

test('the problem ends when the pack is back', async () => {
  const repository = openChangingRepository(bucketName);
  const [first = ''] = repository.written.snapshots;
  await using source = await watch(repository);
  await source.run();
  const key = repository.keysIn('data')[1] ?? '';
  const { bytes, modifiedAtMs } = repository.take(key);
  expect(await source.run()).toMatchObject(counted);
  repository.put(key, bytes, modifiedAtMs);
  expect((await source.run()).operation).toMatchObject(fine);
  expect(await source.recordOf(first)).toMatchObject(plain);
});

test('an object of the index that is gone without a new one is the same problem', async () => {
  const repository = openChangingRepository(bucketName);
  await using source = await watch(repository);
  await source.run();
  repository.remove(repository.keysIn('index')[0] ?? '');
  expect(await source.run()).toMatchObject(counted);
});

test('a pack that was cut is a fault of each snapshot, and whole again once it is back', async () => {
  const repository = openChangingRepository(bucketName);
  const [first = ''] = repository.written.snapshots;
  await using source = await watch(repository);
  await source.run();
  const key = repository.keysIn('data')[0] ?? '';
  const { bytes, modifiedAtMs } = repository.take(key);
  repository.put(key, bytes.subarray(0, 40));
  const broken = { status: 'error', level: 'metadata', fault: { code: 'object_size_impossible' } };
  expect((await source.run()).operation).toMatchObject({ status: 'failed', result: { err_sync_backup_num: 2 } });
  expect(await source.recordOf(first)).toMatchObject(broken);
  expect((await source.run()).imports).toEqual([]);
  repository.put(key, bytes, modifiedAtMs);
  expect((await source.run()).operation).toMatchObject(fine);
  expect(await source.recordOf(first)).toMatchObject(plain);
});
