import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { openTestEngine } from '../testing/test-engine.ts';

const [full, increment] = writeSmallChain('vault', 4, [[1]]) as [WrittenBackup, WrittenBackup];
const [broken] = writeSmallChain('broken', 4, []) as [WrittenBackup];
const disk = syncItemOf(full, 'disks');

/**
 * Three sources: one of disks, one of which lacks an object, one of virtual machines, and one that has seen nothing.
 */
async function start() {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await openTestEngine());
  const { buckets, call } = world;
  for (const { objects } of [full, increment]) await buckets.put('disks', objects);
  const [, ...rest] = Array.from(broken.objects).toSorted();
  await buckets.put('disks', rest);
  await buckets.put('machines', [
    ['vm-7/monday/disk', 'x'.repeat(1000)],
    ['vm-8/monday-8/disk', 'x'],
  ]);
  await buckets.put('nothing', [['file', 'x']]);
  const add = async (name: string, more: object = {}) =>
    (await call('addSource', { name, bucket_name: name, ...more })).source.id;
  const disks = await add('disks');
  const machines = await add('machines', { path_template: '{resource_id}/{backup_id}/disk' });
  const nothing = await add('nothing');
  const run = async (source_id: string) => {
    const { operation_id } = await call('scanSource', { source_id });
    await world.operationEnded(operation_id);
    return operation_id;
  };
  const ofDisks = await run(disks);
  const ofMachines = await run(machines);
  const owned = stack.move();
  return { ...world, disks, machines, nothing, ofDisks, ofMachines, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

let world: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  world = await start();
}, 60_000);
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
});

test('a vault shows the bucket, resources and stored bytes of its source, and no invented numbers', async () => {
  const { call, projectId } = world;
  const { source } = await call('showSource', { source_id: world.disks });
  const { backups } = await call('listBackups', { resource_id: disk.resource_id });
  const { vault } = await call('showVault', { vault_id: world.disks });
  expect(vault).toMatchObject({
    id: source.id,
    name: 'disks',
    project_id: projectId,
    created_at: source.created_at,
    tags: [],
    billing: { allocated: 0, size: 0, used: 1, status: 'available', object_type: 'disk', storage_unit: 'disks' },
  });
  expect(vault.resources.find(({ id }) => id === disk.resource_id)).toEqual({
    id: disk.resource_id,
    name: disk.resource_id,
    type: disk.resource_type,
    size: backups[0]?.resource_size,
    protect_status: 'available',
    backup_count: 2,
    backup_size: 1,
    extra_info: null,
  });
  expect(vault.resources.find(({ id }) => id === broken.plan.volumeId)).toMatchObject({ protect_status: 'error' });
  expect((await call('showVault', { vault_id: world.nothing })).vault).toMatchObject({
    resources: [],
    billing: { used: 0, object_type: null },
  });
  await expect(call('showVault', { vault_id: 'unknown' })).rejects.toMatchObject({ code: 'vault_not_found' });
  await expect(call('showVault', { vault_id: world.ofDisks })).rejects.toMatchObject({ code: 'vault_not_found' });
});

test('vaults are listed by name, in pages and by every filter of CBR', async () => {
  const list = async (filter: object) => {
    const { vaults, count } = await world.call('listVaults', filter);
    return [vaults.map(({ name }) => name), count];
  };
  const all = ['disks', 'machines', 'nothing'];
  expect(await list({})).toEqual([all, 3]);
  expect(await list({ limit: '2' })).toEqual([['disks', 'machines'], 3]);
  expect(await list({ limit: '2', offset: '2' })).toEqual([['nothing'], 3]);
  expect(await list({ limit: '2', offset: '2', marker: world.disks })).toEqual([['machines', 'nothing'], 3]);
  expect(await list({ marker: world.nothing })).toEqual([[], 3]);
  await expect(list({ marker: 'unknown' })).rejects.toMatchObject({ problems: [{ place: 'marker' }] });
  for (const [filter, names] of [
    [{ name: 'machines' }, ['machines']],
    [{ name: 'machine' }, []],
    [{ id: world.disks }, ['disks']],
    [{ object_type: 'disk' }, ['disks']],
    [{ object_type: 'server' }, ['machines']],
    [{ object_type: 'file' }, []],
    [{ resource_ids: `other,${disk.resource_id}` }, ['disks']],
    [{ resource_ids: `vm-8,${disk.resource_id}` }, ['disks', 'machines']],
    [{ resource_ids: 'other' }, []],
    [{ cloud_type: 'hybrid', protect_type: 'backup', status: 'available', enterprise_project_id: '0' }, all],
    [{ cloud_type: 'public' }, []],
    [{ protect_type: 'replication' }, []],
    [{ status: 'lock' }, []],
    [{ policy_id: 'p' }, []],
    [{ enterprise_project_id: 'e' }, []],
    [{ something: 'else' }, all],
  ] as const) {
    expect([filter, ...(await list(filter))]).toEqual([filter, names, names.length]);
  }
});

test('a renamed resource has the name of its newest record, as in the listing of resources', async () => {
  const { call, sync } = world;
  await sync([{ ...disk, resource_name: 'web' }]);
  await sync([{ ...syncItemOf(increment, 'disks'), resource_name: 'app' }]);
  const { resources } = await call('listResources', { resource_id: disk.resource_id });
  const { vault } = await call('showVault', { vault_id: world.disks });
  const { checkpoint } = await call('showCheckpoint', { checkpoint_id: world.ofDisks });
  const shown = [vault, checkpoint.vault].map((each) => each.resources.find(({ id }) => id === disk.resource_id)?.name);
  expect([resources[0]?.resource_name, ...shown]).toEqual(['app', 'app', 'app']);
});

test('a checkpoint shows what the run of a source imported, and what it skipped with the reason', async () => {
  const { call } = world;
  const whole = (await call('showCheckpoint', { checkpoint_id: world.ofMachines })).checkpoint;
  expect(whole).toMatchObject({
    id: world.ofMachines,
    project_id: world.projectId,
    status: 'available',
    vault: { id: world.machines, name: 'machines', skipped_resources: [] },
  });
  expect(whole.vault.resources).toMatchObject([
    { id: 'vm-7', type: 'OS::Native::Server', backup_count: 1 },
    { id: 'vm-8', protect_status: 'available', backup_size: 1, size: null },
  ]);
  const partly = (await call('showCheckpoint', { checkpoint_id: world.ofDisks })).checkpoint;
  expect(partly.status).toBe('error');
  expect(partly.vault.skipped_resources).toEqual([
    {
      id: broken.plan.volumeId,
      name: expect.any(String),
      type: 'OS::Cinder::Volume',
      code: expect.stringMatching(/^BackupSync\.2/),
      reason: expect.stringContaining(broken.imagePath),
    },
  ]);
  const shown = await call('listBackups', { checkpoint_id: world.ofDisks });
  expect(partly.vault.resources.map(({ id }) => id)).toEqual(
    [...new Set(shown.backups.map((backup) => backup.resource_id))].toSorted(),
  );

  await call('removeSource', { source_id: world.disks });
  const { checkpoint } = await call('showCheckpoint', { checkpoint_id: world.ofDisks });
  expect(checkpoint.vault).toMatchObject({ id: world.disks, name: null });
  const { operation_id: scan } = await call('startScan', { bucket_name: 'machines' });
  await expect(call('showCheckpoint', { checkpoint_id: scan })).rejects.toMatchObject({ code: 'checkpoint_not_found' });
});
