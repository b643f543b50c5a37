import { rm } from 'node:fs/promises';
import type { BackupSync } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { acceptedIds, makeAcceptance, makeFinish } from '../catalogue/fixtures-for-conformance.ts';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { systemClock } from '../clock.ts';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { runDueSources } from '../sources/source-scheduler.ts';
import { openFilesystemStorageUnit } from '../storage/filesystem/filesystem-storage-unit.ts';
import { openStorageUnit } from '../storage/open-storage-unit.ts';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { syncItemOfManifest, type WrittenManifest, writeManifestBackup } from '../testing/manifest-writer.ts';
import { operationEnd } from '../testing/operation-end.ts';
import { chainOfItem, openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { writeSmallManifestChain } from '../testing/small-manifest-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { type AcceptedImport, acceptImports } from './accept-imports.ts';
import { importChain } from './import-chain.ts';

const [full, middle, leaf] = writeSmallChain('wait', 16, [[1], [2]]) as readonly [
  WrittenBackup,
  WrittenBackup,
  WrittenBackup,
];

/** Imports over buckets of a directory, whose chains run when the test runs them. */
async function openImports() {
  await using stack = new AsyncDisposableStack();
  const buckets = stack.use(await makeTestBuckets());
  const storage = stack.use(await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory }));
  const over = stack.use(await openServicesOver(storage, 'first'));
  const { projectId, worker } = over;
  const queued: string[] = [];
  const queue = {
    ...over.services.work.queue,
    add: async (job: Parameters<typeof over.services.work.queue.add>[0]) => {
      if (job.kind === 'chain') queued.push(job.chain.bucketName);
    },
  };
  over.services.catalogue.onDue(queue.add);
  const { clock } = over;
  const services = {
    ...over.services,
    work: { ...over.services.work, queue, linkageMaxBytes: 2 ** 30 },
  };
  for (const bucketName of ['second', 'third']) {
    await services.catalogue.grants.addGrant({ projectId, storageUnitId: 'here', bucketName, prefix: '' });
  }
  const origin = {
    projectId,
    actor: { kind: 'system', name: 'ada' },
    requestId: 'request-1',
    parentOperationId: null,
    withAncestors: false,
    lane: 'mass',
  } as const;
  const owned = stack.move();
  return {
    buckets,
    services,
    clock,
    projectId,
    queued,
    faults: over.faults,
    accept: async (items: readonly BackupSync[]) => {
      const imports = items.map((item) => ({ item, proofsNotBeforeMs: null }));
      const accepted = await acceptImports(services, imports, origin);
      // Anything queued from here on comes from the work that tests run.
      queued.length = 0;
      return accepted;
    },
    work: ({ item }: AcceptedImport) =>
      importChain({ ...worker, services }, chainOfItem(services, projectId, item), {
        signal: services.world.stopping,
        storage: services.work.storage,
      }),
    show: async ({ id }: AcceptedImport) => {
      const operation = await services.catalogue.operations.showOperation(projectId, id);
      if (operation === null) throw new Error(`operation ${id} was lost`);
      return operation;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test('a child waits for the import of a parent that is not stored yet, and is examined after it', async () => {
  await using imports = await openImports();
  const { buckets, queued, accept, work, show } = imports;
  await buckets.put('first', [['unrelated', 'x']]);
  await buckets.put('second', middle.objects);
  await buckets.put('third', leaf.objects);
  const accepted = await accept([syncItemOf(leaf, 'third'), syncItemOf(middle, 'second'), syncItemOf(full, 'first')]);
  const [ofLeaf, ofMiddle, ofFull] = accepted as readonly [AcceptedImport, AcceptedImport, AcceptedImport];
  for (const each of [ofLeaf, ofMiddle]) {
    await work(each);
    const message = `waits for the import of backup ${full.plan.backupId}, which its chain builds on`;
    expect(await show(each)).toMatchObject({ status: 'waiting', message, endedAtMs: null });
    // A waiting import is not started again.
    await work(each);
    expect(await show(each)).toMatchObject({ status: 'waiting', epoch: 1 });
  }
  expect(queued).toEqual([]);
  await buckets.put('first', full.objects);
  await work(ofFull);
  expect(await show(ofFull)).toMatchObject({ status: 'success', outcome: 'created' });
  expect(queued.toSorted()).toEqual(['second', 'third']);
  for (const each of [ofLeaf, ofMiddle]) {
    await work(each);
    expect(await show(each)).toMatchObject({ status: 'success', outcome: 'created', level: 'linkage' });
  }
  expect(imports.faults).toEqual([]);
});

test('a child whose parent turns out to be missing is recorded with that reason', async () => {
  await using imports = await openImports();
  const { accept, work, show } = imports;
  await imports.buckets.put('first', [['unrelated', 'x']]);
  await imports.buckets.put('second', middle.objects);
  const accepted = await accept([syncItemOf(middle, 'second'), syncItemOf(full, 'first')]);
  const [child, parent] = accepted as readonly [AcceptedImport, AcceptedImport];
  await work(child);
  expect(await show(child)).toMatchObject({ status: 'waiting' });
  await work(parent);
  expect(await show(parent)).toMatchObject({ status: 'failed', fault: { code: 'path_not_found' } });
  await work(child);
  expect(await show(child)).toMatchObject({ status: 'failed', outcome: 'marked', fault: { code: 'parent_missing' } });
  const record = await imports.services.catalogue.backups.showBackup(imports.projectId, middle.plan.backupId);
  expect(record).toMatchObject({ status: 'error', parentBackupId: full.plan.backupId });
});

test('a child that waits past its deadline ends as timeout', async () => {
  await using imports = await openImports();
  await imports.buckets.put('first', [['unrelated', 'x']]);
  await imports.buckets.put('second', middle.objects);
  const accepted = await imports.accept([syncItemOf(middle, 'second'), syncItemOf(full, 'first')]);
  const [child, parent] = accepted as readonly [AcceptedImport, AcceptedImport];
  await imports.work(child);
  imports.clock.timeMs += 24 * 60 * 60 * 1000;
  await runDueSources(imports.services);
  expect(imports.queued).toEqual(['second']);
  await imports.work(child);
  expect(await imports.show(child)).toMatchObject({ status: 'timeout', fault: { code: 'deadline_exceeded' } });
  expect(await imports.show(parent)).toMatchObject({ status: 'waiting' });
});

test('backups that wait for each other end as a cycle', async () => {
  // Each is stored at a path that only its import names.
  const written = writeSmallManifestChain('wait/cycle', 8, [[1]]) as readonly [WrittenManifest, WrittenManifest];
  const [one, two] = written;
  const closing = writeManifestBackup({ ...one.plan, parent: two, imagePath: 'moved/one' });
  const moved = writeManifestBackup({ ...two.plan, imagePath: 'elsewhere/two' });
  await using imports = await openImports();
  await imports.buckets.put('first', [['unrelated', 'x']]);
  await imports.buckets.put('second', moved.objects);
  const accepted = await imports.accept([
    syncItemOfManifest(moved, 'second'),
    // Nothing is stored at its path until the other waits for it.
    syncItemOfManifest(closing, 'first'),
  ]);
  const [ofTwo, ofOne] = accepted as readonly [AcceptedImport, AcceptedImport];
  await imports.work(ofTwo);
  expect(await imports.show(ofTwo)).toMatchObject({ status: 'waiting' });
  await imports.buckets.put('first', closing.objects);
  for (const key of moved.objects.keys()) await imports.buckets.remove('second', key);
  await imports.work(ofOne);
  const ended = await imports.show(ofOne);
  expect(ended).toMatchObject({ status: 'failed', fault: { code: 'cycle' }, outcome: 'marked' });
  expect(ended.fault?.detail).toBe(`${one.plan.backupId} -> ${two.plan.backupId} -> ${one.plan.backupId}`);
  // The other continues, and finds its objects gone.
  expect(imports.queued).toEqual(['second']);
  await imports.work(ofTwo);
  expect(await imports.show(ofTwo)).toMatchObject({ status: 'failed', fault: { code: 'path_not_found' } });
  expect(imports.faults).toEqual([]);
});

test('an engine that was killed while a child waited imports the parent, then the child', async () => {
  await using buckets = await makeTestBuckets();
  await buckets.put('first', full.objects);
  await buckets.put('second', middle.objects);
  const dataDirectory = `${buckets.directory}-data`;
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(dataDirectory, { recursive: true, force: true }));
  const faults: unknown[] = [];
  const storage = `file:${buckets.directory}`;
  const open = () => openEmbeddedEngine({ dataDirectory, storage, onFault: (_, error) => faults.push(error) });
  const first = await open();
  const projectId = first.identity.project.id;
  await first[Symbol.asyncDispose]();

  const ids: string[] = [];
  {
    await using unit = await openStorageUnit(storage, {});
    await using opened = await openSqliteCatalogue({ directory: dataDirectory });
    const chains = [syncItemOf(middle, 'second'), syncItemOf(full, 'first')].map((item) => ({
      item,
      chain: {
        projectId,
        storageUnitId: unit.id,
        bucketName: item.bucket_name,
        chainRoot: chainRootOf(item.image_path),
      },
    }));
    for (const { item, chain } of chains) {
      const { storageUnitId, chainRoot } = chain;
      ids.push(
        ...(await acceptedIds(
          opened,
          makeAcceptance(projectId, [item], { storageUnitId, chainRoot, acceptedAtMs: systemClock.nowMs() }),
        )),
      );
    }
    const [child] = (
      await Promise.all(chains.map(({ chain }) => opened.operations.startChain(chain, 'killed', 2_000)))
    ).flat();
    if (child === undefined) throw new Error('nothing was started');
    const missingParent = { backupId: full.plan.backupId, revision: null };
    const { result } = await opened.operations.finishImport(makeFinish(child, { missingParent }));
    expect(result).toBe('waits');
  }

  const second = stack.use(await open());
  const caller = { kind: 'system', name: 'ada', projectId, role: 'operator' } as const;
  for (const id of ids) {
    const operation = await operationEnd(second, caller, id);
    expect(operation).toMatchObject({ status: 'success', result: { outcome: 'created', level: 'linkage' } });
  }
  expect(faults).toEqual([]);
});
