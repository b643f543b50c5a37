import { expect, test } from 'vitest';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const bucket = 'backups';

test('a resource stays retired until a newer backup of it is recorded', async () => {
  await using buckets = await makeTestBuckets();
  const links = writeSmallChain('retired', 4, [[1], [2]]);
  const [oldest, older, newer] = links.map((link) => syncItemOf(link, bucket));
  if (oldest === undefined || older === undefined || newer === undefined) throw new Error('the chain has three links');
  for (const { objects } of links) await buckets.put(bucket, objects, Date.UTC(2026, 2, 10));
  await using engine = await startClockedEngine(buckets.directory);
  const imported = async (item: typeof oldest) => {
    const { sync } = await engine.call('syncBackups', { sync: [item] });
    await engine.ended(sync[0]?.operation_log_id ?? '');
  };
  const { resource_id } = oldest;
  const retiredAt = async () => (await engine.call('listResources', { resource_id })).resources[0]?.retired_at;
  const unknown = { code: 'resource_not_found', message: `no backup of ${resource_id} is recorded` };
  await expect(engine.call('retireResource', { resource_id })).rejects.toMatchObject(unknown);
  await expect(engine.call('unretireResource', { resource_id })).rejects.toMatchObject(unknown);

  await imported(oldest);
  await imported(older);
  expect(await retiredAt()).toBeNull();
  const { resource } = await engine.call('retireResource', { resource_id });
  expect(resource).toMatchObject({ resource_id, backups: 2, retired_at: expect.any(String) });
  expect(await engine.call('retireResource', { resource_id })).toEqual({ resource });
  // A backup that is recorded again is not newer.
  await imported(oldest);
  await imported(older);
  expect(await retiredAt()).toBe(resource.retired_at);
  await imported(newer);
  expect(await retiredAt()).toBeNull();

  await engine.call('retireResource', { resource_id });
  expect((await engine.call('unretireResource', { resource_id })).resource.retired_at).toBeNull();
  expect(await retiredAt()).toBeNull();
  const { audit_events: events } = await engine.call('listAuditEvents', { subject: resource_id, outcome: 'done' });
  const marks = ['unretireResource', 'retireResource', 'retireResource', 'retireResource'];
  expect(events.map(({ operation }) => operation)).toEqual(marks);
  expect(engine.faults).toEqual([]);
});
