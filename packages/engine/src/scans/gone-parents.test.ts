import type { Backup, ReasonCode } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { formatsUnderTest } from '../testing/formats-under-test.ts';
import { openTestEngine } from '../testing/test-engine.ts';

const bucketName = 'backups';

test('a scan ends if the parents of recorded backups are gone, and the children are broken, in each format', async () => {
  await using engine = await openTestEngine();
  const objects = formatsUnderTest.flatMap((format) => [...format.objects]);
  await engine.buckets.put(bucketName, objects);
  const scan = async (expected: ReasonCode | null) => {
    const input = { bucket_name: bucketName, sync: true, confirms_removals: true };
    const { operation_id } = await engine.call('startScan', input);
    const { reason } = await engine.operationEnded(operation_id);
    expect(reason?.code ?? null).toBe(expected);
    const { findings } = await engine.call('listScanFindings', { operation_id, limit: 1000 });
    await engine.ended(findings.flatMap(({ operation_log_id: id }) => (id === null ? [] : [id])));
    const { backups } = await engine.call('listBackups', { limit: 1000 });
    return new Map(backups.map((backup) => [backup.id, backup]));
  };
  const before = await scan(null);
  const children: Backup[] = [];
  for (const backup of before.values()) {
    const parent = before.get(backup.parent_id ?? '');
    // Only the bottom of each chain goes.
    if (parent === undefined || parent.parent_id !== null) continue;
    children.push(backup);
    const path = parent.backup_sync.image_path;
    for (const [key] of objects) if (key.startsWith(path)) await engine.buckets.remove(bucketName, key);
  }
  const formats = children.map(({ backup_sync: { format } }) => format);
  expect(formats).toEqual(expect.arrayContaining(['cinder', 'manifest', 'qcow2']));
  for (const _ of ['at once', 'and later']) {
    const after = await scan('parent_missing');
    for (const { id } of children) {
      const reason = { code: 'parent_missing' };
      expect(after.get(id)).toMatchObject({ status: 'error', backup_sync: { reason } });
    }
  }
  expect(engine.faults).toEqual([]);
});
