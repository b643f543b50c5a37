import { expect, test } from 'vitest';
import { acceptImports } from '../imports/accept-imports.ts';
import { alterStorage } from '../testing/altered-storage.ts';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';

const bucketName = 'volumebackups';
const [full, leaf] = writeSmallChain('heal ancestors', 8, [[1]]) as [WrittenBackup, WrittenBackup];
const data = `${full.imagePath}-00001`;

/** A chain whose full backup was recorded with a `content_mismatch`, and is repaired. */
async function openRepaired() {
  const objects = new Map([...full.objects, ...leaf.objects]);
  let isRotten = true;
  let afterReading: (() => Promise<unknown>) | null = null;
  let hasRead = false;
  const storage = alterStorage(openMemoryStorageUnit(new Map([[bucketName, objects]])), {
    async list(entry) {
      if (!hasRead || afterReading === null || entry.key !== `${full.imagePath}_metadata`) return entry;
      const work = afterReading;
      afterReading = null;
      await work();
      return entry;
    },
    get({ key }, content) {
      hasRead ||= key === `${leaf.imagePath}-00001`;
      return key === data && isRotten ? { ...content, body: rot(content.body) } : content;
    },
  });
  const over = await openServicesOver(storage, bucketName, { linkageMaxBytes: Number.POSITIVE_INFINITY });
  const { services, projectId } = over;
  const origin = { actor: { kind: 'system', name: 'ada' }, requestId: 'r', parentOperationId: null } as const;
  const world = {
    objects,
    async sync(...backups: readonly WrittenBackup[]) {
      const items = backups.map((each) => ({ item: syncItemOf(each, bucketName), proofsNotBeforeMs: null }));
      await acceptImports(services, items, { ...origin, projectId, withAncestors: false, lane: null });
      await over.workOnAll();
    },
    /** Verifies the leaf. `work` runs while the records of its ancestors are decided again. */
    async verify(work: (() => Promise<unknown>) | null = null) {
      hasRead = false;
      afterReading = work;
      const request = { level: 'content', readAfterMs: services.world.clock.nowMs() };
      const operation = over.newOperation({ kind: 'verify', backupId: leaf.plan.backupId, request });
      await services.catalogue.operations.addOperation(operation);
      await over.runOperation(operation.id);
      expect(afterReading).toBeNull();
    },
    reasonOf: async ({ plan }: WrittenBackup) =>
      (await services.catalogue.backups.showBackup(projectId, plan.backupId))?.fault?.code ?? null,
    isRecorded: async ({ plan }: WrittenBackup) =>
      (await services.catalogue.backups.showBackup(projectId, plan.backupId)) !== null,
    remove: ({ plan }: WrittenBackup) =>
      services.catalogue.backups.deleteBackup({
        operationId: services.world.newId(),
        projectId,
        backupId: plan.backupId,
        actor: origin.actor,
        requestId: 'r',
        deletedAtMs: services.world.clock.nowMs(),
      }),
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
  await world.sync(full, leaf);
  await world.verify();
  expect(await world.reasonOf(full)).toBe('content_mismatch');
  isRotten = false;
  return world;
}

async function* rot(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield chunk.map((byte) => byte ^ 1);
}

test('an ancestor that an import finds broken while it is decided again stays broken', async () => {
  await using world = await openRepaired();
  await world.verify(() => {
    world.objects.set(`${full.imagePath}_metadata`, new TextEncoder().encode('{}'));
    return world.sync(full);
  });
  expect(await world.reasonOf(full)).toBe('metadata_unreadable');
});

test('an ancestor that is removed from the catalogue while it is decided again stays removed', async () => {
  await using world = await openRepaired();
  await world.verify(() => world.remove(full));
  expect(await world.isRecorded(full)).toBe(false);
});
