import { expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const bucket = 'volumebackups';
const [one, other] = ['one', 'other'].flatMap((seed) => writeSmallChain(`of-${seed}`, 4, [])) as [
  WrittenBackup,
  WrittenBackup,
];
const folder = `${one.imagePath.split('/')[0]}/`;

/** Two overlapping sources: `all` watches the whole bucket, `part` the folder of one backup. */
async function start() {
  await using stack = new AsyncDisposableStack();
  const buckets = stack.use(await makeTestBuckets());
  for (const { objects } of [one, other]) await buckets.put(bucket, objects);
  const engine = stack.use(await startClockedEngine(buckets.directory));
  const all = (await engine.call('addSource', { name: 'all', bucket_name: bucket })).source.id;
  const part = (await engine.call('addSource', { name: 'part', bucket_name: bucket, prefix: folder })).source.id;
  const owned = stack.move();
  return {
    engine,
    all,
    part,
    async run(source_id: string) {
      const { operation_id } = await engine.call('scanSource', { source_id });
      await engine.ended(operation_id);
      return operation_id;
    },
    show: async ({ plan }: WrittenBackup) => (await engine.call('showBackup', { backup_id: plan.backupId })).backup,
    ids: async (filter: object) => {
      const { backups } = await engine.call('listBackups', { ...filter, sort: ['protected_at:asc', 'id:asc'] });
      return backups.map(({ id }) => id).toSorted();
    },
    logs: async (filter: object) => (await engine.call('listOperationLogs', filter)).operation_logs,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const idsOf = (...backups: WrittenBackup[]) => backups.map(({ plan }) => plan.backupId).toSorted();

test('a record keeps the source and the run that first imported it', async () => {
  await using world = await start();
  const byPart = await world.run(world.part);
  const byAll = await world.run(world.all);
  const ofPart = { vault_id: world.part, vault_name: 'part', checkpoint_id: byPart };
  const ofAll = { vault_id: world.all, vault_name: 'all', checkpoint_id: byAll };
  expect(await world.show(one)).toMatchObject(ofPart);
  expect(await world.show(other)).toMatchObject(ofAll);
  await world.run(world.all);
  expect(await world.show(one)).toMatchObject(ofPart);
  expect(await world.ids({ checkpoint_id: byPart })).toEqual(idsOf(one));
});

test('overlapping sources each have their members, whichever imported them', async () => {
  await using world = await start();
  await world.run(world.part);
  await world.run(world.all);
  expect(await world.ids({ vault_id: world.part })).toEqual(idsOf(one));
  expect(await world.ids({ vault_id: world.all })).toEqual(idsOf(one, other));
  expect(await world.ids({ vault_id: 'another' })).toEqual([]);
});

test('the logs of a run and of its imports name the source and the run', async () => {
  await using world = await start();
  const byPart = await world.run(world.part);
  const byAll = await world.run(world.all);
  const ofAll = await world.logs({ vault_id: world.all });
  expect(ofAll).toHaveLength(2);
  for (const log of ofAll) expect(log).toMatchObject({ vault_id: world.all, vault_name: 'all', checkpoint_id: byAll });
  expect(await world.logs({ vault_name: 'all' })).toEqual(ofAll);
  expect(await world.logs({ vault_name: 'all', vault_id: world.part })).toEqual([]);
  const [imported] = (await world.logs({ vault_id: world.part })).filter(({ id }) => id !== byPart);
  const shown = await world.engine.call('showOperationLog', { operation_log_id: imported?.id ?? '' });
  expect(shown.operation_log).toMatchObject({ vault_id: world.part, vault_name: 'part', checkpoint_id: byPart });
});

test('when a source is removed, its records pass to their oldest other source, or to none', async () => {
  await using world = await start();
  await world.run(world.part);
  await world.run(world.all);
  await world.engine.call('removeSource', { source_id: world.part });
  expect(await world.show(one)).toMatchObject({ vault_id: world.all, vault_name: 'all', status: 'available' });
  await world.engine.call('removeSource', { source_id: world.all });
  for (const backup of [one, other]) {
    expect(await world.show(backup)).toMatchObject({ vault_id: null, vault_name: null, status: 'available' });
  }
});

test('a record that was synced manually passes to the first source that sees it', async () => {
  await using world = await start();
  const { sync } = await world.engine.call('syncBackups', { sync: [syncItemOf(one, bucket)] });
  const log = await world.engine.ended(sync[0]?.operation_log_id ?? '');
  expect(await world.show(one)).toMatchObject({ vault_id: null, checkpoint_id: null });
  await world.run(world.part);
  expect(await world.show(one)).toMatchObject({ vault_id: world.part, checkpoint_id: null });
  const { operation_log } = await world.engine.call('showOperationLog', { operation_log_id: log.id });
  expect(operation_log).toMatchObject({ vault_id: null, vault_name: null, checkpoint_id: null });
});
