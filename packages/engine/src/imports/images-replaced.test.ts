import { expect, test } from 'vitest';
import { writeQcow2 } from '../testing/qcow2-writer.ts';
import { openTestEngine } from '../testing/test-engine.ts';

test('a nightly upload of an image to one key updates its record', async () => {
  await using engine = await openTestEngine();
  const scanNight = async (night: number) => {
    const clusters = Array.from({ length: night }, () => 'stored' as const);
    const { imagePath, bytes } = writeQcow2({ seed: `night ${night}`, imagePath: 'vm/web.qcow2', clusters });
    const writtenAtMs = Date.UTC(2026, 2, night);
    await engine.buckets.put('images', [[imagePath, bytes]], writtenAtMs);
    const { operation_id } = await engine.call('startScan', { bucket_name: 'images', sync: true });
    expect(await engine.operationEnded(operation_id)).toMatchObject({ status: 'success' });
    const { backups } = await engine.call('listBackups', {});
    const newest = new Date(writtenAtMs).toISOString().slice(0, 10);
    const evidence = { stored_bytes: bytes.length, newest_object_at: expect.stringContaining(newest) };
    expect(backups).toMatchObject([{ status: 'available', backup_sync: { level: 'linkage', evidence } }]);
    expect(backups[0]?.protected_at).toContain(newest);
  };
  for (const night of [1, 2, 3]) await scanNight(night);
  expect(engine.faults).toEqual([]);
});
