import { expect, test } from 'vitest';
import { type Qcow2Plan, writeQcow2 } from '../testing/qcow2-writer.ts';
import { seededBytes } from '../testing/seeded-bytes.ts';
import { openTestEngine } from '../testing/test-engine.ts';

const bucketName = 'images';
const write = (imagePath: string, plan: Partial<Qcow2Plan> = {}) =>
  writeQcow2({ seed: imagePath, imagePath, clusters: ['stored', 'nothing'], ...plan });
const overlay = (name: string, format: string | null) => write('vm/top.qcow2', { backing: { name, format } });

/** Scans and imports, and shows each backup by its image path: its fault, or its level if it has none. */
async function open() {
  const engine = await openTestEngine();
  const scan = async () => {
    const input = { bucket_name: bucketName, sync: true, confirms_removals: true };
    const { operation_id } = await engine.call('startScan', input);
    const { requests } = await engine.operationEnded(operation_id);
    const { backups } = await engine.call('listBackups', {});
    const verdicts = backups.map(({ backup_sync: { image_path: path, reason, level } }) => [
      path,
      reason?.code ?? level,
    ]);
    return { requests, verdicts: Object.fromEntries(verdicts) as Readonly<Record<string, string>> };
  };
  const { buckets } = engine;
  return { engine, buckets, scan, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
}

test.each([
  ['raw', 'vm/base.img', 'raw'],
  ['raw, which the image does not say', 'vm/base.img', null],
  ['read as raw, though it is an image', 'vm/base.qcow2', 'raw'],
  ['an image', 'vm/base.qcow2', 'qcow2'],
])('a backing file that is %s is missed when it is gone, and found when it is back', async (_, key, format) => {
  await using world = await open();
  const bytes = key.endsWith('.img') ? seededBytes('raw', 1024) : write(key).bytes;
  const top = overlay(key.slice('vm/'.length), format);
  await world.buckets.put(bucketName, [[top.imagePath, top.bytes]]);
  expect((await world.scan()).verdicts).toMatchObject({ [top.imagePath]: 'parent_missing' });
  await world.buckets.put(bucketName, [[key, bytes]]);
  expect((await world.scan()).verdicts).toMatchObject({ [top.imagePath]: 'inventory' });
  expect((await world.scan()).requests).toMatchObject({ gets: 0 });
  await world.buckets.remove(bucketName, key);
  expect((await world.scan()).verdicts).toMatchObject({ [top.imagePath]: 'parent_missing' });
  await world.buckets.put(bucketName, [[key, bytes]]);
  expect((await world.scan()).verdicts).toMatchObject({ [top.imagePath]: 'inventory' });
  expect(world.engine.faults).toEqual([]);
});

test('an image whose backing file cannot be read is recorded as broken by it', async () => {
  await using world = await open();
  const top = overlay('base.qcow2', 'qcow2');
  await world.buckets.put(bucketName, [
    [top.imagePath, top.bytes],
    ['vm/base.qcow2', seededBytes('foreign', 1024)],
  ]);
  expect((await world.scan()).verdicts).toEqual({ [top.imagePath]: 'parent_broken' });
});
