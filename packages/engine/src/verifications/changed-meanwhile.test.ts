import { expect, test } from 'vitest';
import { acceptImports } from '../imports/accept-imports.ts';
import { alterStorage } from '../testing/altered-storage.ts';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';

const bucketName = 'volumebackups';
const [full] = writeSmallChain('changed meanwhile', 8, []) as [WrittenBackup];
const item = syncItemOf(full, bucketName);
const otherBucket = 'copies';

type World = Awaited<ReturnType<typeof open>>;

/** A recorded backup whose data a verification reads while something else happens. */
async function verifyWhile(work: (world: World) => Promise<unknown>, prepare: (world: World) => void = () => {}) {
  const world = await open();
  prepare(world);
  world.meanwhile = () => work(world);
  await world.verify();
  expect(world.meanwhile).toBeNull();
  const record = await world.services.catalogue.backups.showBackup(world.projectId, item.backup_id);
  await world[Symbol.asyncDispose]();
  expect(world.faults).toEqual([]);
  return record;
}

async function open() {
  const buckets = new Map([bucketName, otherBucket].map((name) => [name, new Map(full.objects)]));
  let meanwhile: (() => Promise<unknown>) | null = null;
  let isRotten = false;
  const storage = alterStorage(openMemoryStorageUnit(buckets), {
    get: ({ key }, content) => {
      if (meanwhile === null || key !== `${full.imagePath}-00001`) return content;
      const work = meanwhile;
      meanwhile = null;
      return { ...content, body: behind(work, isRotten ? rot(content.body) : content.body) };
    },
  });
  const over = await openServicesOver(storage, bucketName, { linkageMaxBytes: Number.POSITIVE_INFINITY });
  const { services, projectId } = over;
  const { id: storageUnitId } = storage;
  await services.catalogue.grants.addGrant({ projectId, storageUnitId, bucketName: otherBucket, prefix: '' });
  const origin = { actor: { kind: 'system', name: 'ada' }, requestId: 'r', parentOperationId: null } as const;
  const world = {
    ...over,
    buckets,
    rot: () => {
      isRotten = true;
    },
    get meanwhile() {
      return meanwhile;
    },
    set meanwhile(work) {
      meanwhile = work;
    },
    async sync(changes: Partial<typeof item> = {}) {
      const sync = { ...item, ...changes };
      const wanted = { ...origin, projectId, withAncestors: false, lane: null };
      await acceptImports(services, [{ item: sync, proofsNotBeforeMs: null }], wanted);
      await over.workOnAll();
    },
    async verify() {
      const request = { level: 'content', readAfterMs: services.world.clock.nowMs() };
      const operation = over.newOperation({ kind: 'verify', backupId: item.backup_id, request });
      await services.catalogue.operations.addOperation(operation);
      await over.runOperation(operation.id);
    },
  };
  await world.sync();
  return world;
}

async function* rot(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield chunk.map((byte) => byte ^ 1);
}

async function* behind(work: () => Promise<unknown>, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  await work();
  yield* body;
}

test('a name set by a request while a verification reads the data stays', async () => {
  const record = await verifyWhile(({ sync }) => sync({ backup_name: 'weekly', resource_name: 'renamed' }));
  expect(record).toMatchObject({ backupName: 'weekly', resourceName: 'renamed', level: 'content' });
});

test('a backup that is deleted while a verification reads its data stays deleted', async () => {
  const record = await verifyWhile(({ services, projectId }) =>
    services.catalogue.backups.deleteBackup({
      operationId: services.world.newId(),
      projectId,
      backupId: item.backup_id,
      actor: { kind: 'system', name: 'ada' },
      requestId: 'r',
      deletedAtMs: services.world.clock.nowMs(),
    }),
  );
  expect(record).toBeNull();
});

test('a backup that moves while a verification reads its data stays at its new place', async () => {
  const record = await verifyWhile(({ sync }) => sync({ bucket_name: otherBucket }));
  expect(record?.location.bucketName).toBe(otherBucket);
});

test('a backup that an import finds broken while a verification reads its data stays broken', async () => {
  const record = await verifyWhile(async ({ buckets, sync }) => {
    buckets.get(bucketName)?.set(`${full.imagePath}_metadata`, new TextEncoder().encode('{}'));
    await sync();
  });
  expect(record).toMatchObject({ status: 'error', fault: { code: 'metadata_unreadable' } });
});

test('a backup that is written and imported again while a verification finds its old data broken stays available', async () => {
  const record = await verifyWhile(
    async ({ services, projectId }) => {
      const found = await services.catalogue.backups.showBackup(projectId, item.backup_id);
      if (found === null) throw new Error('the backup is recorded');
      const { createdAtMs: _created, updatedAtMs: _updated, revision, lastOperationId: _last, ...before } = found;
      await services.catalogue.backups.recordVerdict({
        operationId: services.world.newId(),
        projectId,
        backupId: item.backup_id,
        decidedOnRevision: revision,
        record: { ...before, listing: { ...before.listing, digest: 'of the new listing' } },
        proofs: [],
        endedAtMs: services.world.clock.nowMs(),
      });
    },
    (world) => world.rot(),
  );
  expect(record).toMatchObject({ status: 'available', fault: null, listing: { digest: 'of the new listing' } });
});
