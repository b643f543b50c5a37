import { expect, test } from 'vitest';
import { diskBytes, filesOfPackage, planOfPackage, storePackage, streamedDisk } from '../testing/ovf-writer.ts';
import { syncItemOfQcow2, writeQcow2 } from '../testing/qcow2-writer.ts';
import { openTestEngine } from '../testing/test-engine.ts';
import { grainBytes, syncItemOfVmdk, writeVmdk } from '../testing/vmdk-writer.ts';

const bucket_name = 'exports';
const folder = 'vm/web';

/** A machine with this number of disks, which are uploaded before the documents of their package. */
function machineWith(count: number) {
  const disks = Array.from({ length: count }, (_, index) => ({
    id: `disk-${index}`,
    // One is in folders that are too deep for a search from below.
    file: { name: `${index === 1 ? 'a/b/c/d/e/' : ''}disk-${index}.vmdk`, bytes: streamedDisk(`disk ${index}`).bytes },
    capacityBytes: diskBytes,
  }));
  const objects = [...storePackage(folder, filesOfPackage(planOfPackage(folder, { name: 'web', disks })))];
  const isDisk = ([key]: readonly [string, Uint8Array]) => key.endsWith('.vmdk');
  return { disks: objects.filter(isDisk), documents: objects.filter((each) => !isDisk(each)) };
}

/** A source over a bucket, whose runs tell how they end. */
async function openSource(objects: Iterable<readonly [string, Uint8Array]>) {
  await using stack = new AsyncDisposableStack();
  const engine = stack.use(await openTestEngine());
  await engine.buckets.put(bucket_name, objects);
  const { source } = await engine.call('addSource', { name: 'nightly', bucket_name });
  const owned = stack.move();
  return {
    engine,
    async run() {
      const { operation_id } = await engine.call('scanSource', { source_id: source.id });
      const { status, reason } = await engine.operationEnded(operation_id);
      const { findings } = await engine.call('listScanFindings', { operation_id });
      const { held } = (await engine.call('showSource', { source_id: source.id })).source;
      return {
        status,
        reason,
        held,
        found: findings.map(({ state, image_path }) => `${state} ${image_path}`).toSorted(),
      };
    },
    async records() {
      const { backups } = await engine.call('listBackups', {});
      return backups.map(({ status, backup_sync }) => `${status} ${backup_sync.image_path}`).toSorted();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
const whole = { status: 'success', reason: null, held: null };

test('the records of disks end when their package is recorded, and return when it is gone', async () => {
  const { disks, documents } = machineWith(6);
  await using source = await openSource(disks);
  const { engine, run, records } = source;
  expect(await run()).toMatchObject(whole);
  const alone = await records();
  expect(alone).toEqual(disks.map(([key]) => `available ${key}`).toSorted());
  const { backups } = await engine.call('listBackups', {});
  const backup_id = backups.find(({ backup_sync }) => backup_sync.image_path === disks[0]?.[0])?.id ?? '';
  await engine.call('updateBackup', { backup_id, backup: { name: 'named by a person' } });

  await engine.buckets.put(bucket_name, documents);
  expect(await run()).toEqual({ ...whole, found: [`new ${folder}`] });
  expect(await records()).toEqual([`available ${folder}`]);
  const [ofPackage] = (await engine.call('listBackups', {})).backups;
  const gone = `no backup ${backup_id} is recorded: it is part of ${ofPackage?.id}`;
  await expect(engine.call('showBackup', { backup_id })).rejects.toThrow(gone);
  const { operations } = await engine.call('listOperations', { backup_id, kind: ['delete'] });
  expect(operations).toMatchObject([
    { status: 'success', message: expect.stringContaining(`part of ${ofPackage?.id}`) },
  ]);
  // Nothing is found or missed in later runs, so nothing is held or marked.
  for (const _ of [1, 2]) expect(await run()).toEqual({ ...whole, found: [] });

  for (const [key] of documents) await engine.buckets.remove(bucket_name, key);
  expect((await run()).found).toEqual(expect.arrayContaining(disks.map(([key]) => `new ${key}`)));
  expect(await records()).toEqual(expect.arrayContaining(alone));
  const again = await engine.call('showBackup', { backup_id });
  expect(again.backup).toMatchObject({ name: 'named by a person', status: 'available' });
  expect(engine.faults).toEqual([]);
});

test('a disk keeps its record until its package is whole, and what builds on it stays whole', async () => {
  const { disks, documents } = machineWith(2);
  const [base = ['', Buffer.of()], missing = ['', Buffer.of()]] = disks;
  const { contentId } = streamedDisk('disk 0');
  const snapshot = writeVmdk({
    ...{ folder: `${folder}/`, name: 'disk-0-000001', kind: 'monolithicSparse', extentGrains: [8], contentId: 7 },
    ...{ grains: new Map([[1, Buffer.alloc(grainBytes, 1)]]), parent: { name: 'disk-0.vmdk', contentId } },
  });
  await using source = await openSource([base, ...snapshot.objects]);
  const { engine, run, records } = source;
  expect(await run()).toMatchObject(whole);
  const ofDisks = [base[0], snapshot.imagePath].map((path) => `available ${path}`).toSorted();
  expect(await records()).toEqual(ofDisks);

  await engine.buckets.put(bucket_name, documents);
  expect(await run()).toMatchObject({ status: 'failed', reason: { code: 'object_missing' } });
  expect(await records()).toEqual([...ofDisks, `error ${folder}`]);

  await engine.buckets.put(bucket_name, [missing]);
  const child = (await engine.call('listBackups', { name: 'disk-0-000001' })).backups[0]?.id ?? '';
  expect(await run()).toMatchObject(whole);
  const after = [`available ${folder}`, `available ${snapshot.imagePath}`];
  expect(await records()).toEqual(after);
  // Even if it is imported with its ancestors, of which none has a record any more.
  const item = { ...syncItemOfVmdk(snapshot, bucket_name), backup_id: child };
  const { sync } = await engine.call('importBackups', { sync: [item], with_ancestors: true });
  expect(await engine.ended(sync.map((each) => each.operation_log_id))).toMatchObject([{ status: 'success' }]);
  const { operations } = await engine.call('listOperations', { kind: ['import'], status: ['failed'] });
  expect(operations.map(({ reason }) => reason?.code)).toEqual(['object_missing']);
  expect(await records()).toEqual(after);
  expect(await records()).toEqual(after);
  expect(engine.faults).toEqual([]);
});

/** A descriptor without sizes or digests, which references these files. */
function descriptorOf(hrefs: readonly string[]): Uint8Array {
  const namespace = 'http://schemas.dmtf.org/ovf/envelope/1';
  const files = hrefs.map((href, index) => `<File ovf:href="${href}" ovf:id="file-${index}"/>`).join('');
  return Buffer.from(
    `<Envelope xmlns="${namespace}" xmlns:ovf="${namespace}"><References>${files}</References>` +
      '<VirtualSystem ovf:id="web"><Info>a machine</Info></VirtualSystem></Envelope>',
  );
}

test('a descriptor hides no broken disk, and no backup that scans do not find', async () => {
  const { plan, ...disk } = writeQcow2({ seed: 'disk', imagePath: 'vm/disk.qcow2', clusters: ['stored', 'stored'] });
  const base = writeQcow2({ seed: 'base', imagePath: 'vm/base.qcow2', clusters: ['stored', 'stored'] });
  const backing = { name: 'base.qcow2', format: 'qcow2' };
  const overlay = writeQcow2({ ...{ seed: 'overlay', imagePath: 'vm/overlay.qcow2' }, clusters: ['stored'], backing });
  const images = [disk, base, overlay].map(({ imagePath, bytes }) => [imagePath, bytes] as const);
  await using source = await openSource([...images, ['vm/data.img', Buffer.alloc(600, 1)]]);
  const { engine, run, records } = source;
  const unknown = { ...syncItemOfQcow2({ plan, ...disk }, bucket_name), backup_id: 'mine', image_path: 'vm/data.img' };
  await engine.sync([unknown]);
  await run();
  await engine.buckets.put(bucket_name, [['vm/disk.qcow2', disk.bytes.subarray(0, disk.bytes.length - 700)]]);
  expect((await run()).reason).toMatchObject({ code: 'object_size_impossible' });

  await engine.buckets.put(bucket_name, [['vm/web.ovf', descriptorOf(['disk.qcow2', 'overlay.qcow2', 'data.img'])]]);
  await run();
  const all = ['available vm/base.qcow2', 'available vm/data.img', 'available vm/overlay.qcow2', 'error vm/disk.qcow2'];
  expect(await records()).toEqual(['available vm', ...all]);
  await engine.buckets.remove(bucket_name, 'vm/base.qcow2');
  await run();
  expect(await records()).toContain('error vm/overlay.qcow2');
  expect(engine.faults).toEqual([]);
});

test('all records of a disk return when its package is gone', async () => {
  const disk = writeQcow2({ seed: 'disk', imagePath: 'vm/disk.qcow2', clusters: ['stored', 'stored'] });
  await using source = await openSource([[disk.imagePath, disk.bytes]]);
  const { engine, run } = source;
  const ids = async () => (await engine.call('listBackups', {})).backups.map(({ id }) => id).toSorted();
  await run();
  await engine.sync([{ ...syncItemOfQcow2(disk, bucket_name), backup_id: 'mine', backup_name: 'mine' }]);
  const both = await ids();
  expect(both).toHaveLength(2);
  await engine.buckets.put(bucket_name, [['vm/web.ovf', descriptorOf(['disk.qcow2'])]]);
  await run();
  expect(await ids()).toHaveLength(1);
  await engine.buckets.remove(bucket_name, 'vm/web.ovf');
  await run();
  expect(await ids()).toEqual(expect.arrayContaining(both));
});
