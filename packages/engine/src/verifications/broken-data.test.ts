import { expect, test } from 'vitest';
import { acceptImports } from '../imports/accept-imports.ts';
import { StorageError } from '../storage/port.ts';
import { alterStorage } from '../testing/altered-storage.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';

const bucketName = 'volumebackups';
const [full] = writeSmallChain('broken data', 8, []);

/** A backup in which a verification has found damaged data that no listing shows. */
async function openWithRot() {
  if (full === undefined) throw new Error('a chain has links');
  const item = syncItemOf(full, bucketName);
  const data = `${full.imagePath}-00001`;
  let answer: 'right' | 'rotten' | 'none' = 'right';
  const storage = alterStorage(openMemoryStorageUnit(new Map([[bucketName, new Map(full.objects)]])), {
    get: ({ key }, content) => {
      if (key !== data || answer === 'right') return content;
      if (answer === 'none') throw new StorageError('unreachable', 'the connection was reset');
      return { ...content, body: rot(content.body) };
    },
  });
  const over = await openServicesOver(storage, bucketName, { linkageMaxBytes: Number.POSITIVE_INFINITY });
  const { services, projectId } = over;
  const origin = { actor: { kind: 'system', name: 'ada' }, requestId: 'r', parentOperationId: null } as const;
  const importAgain = async (proofsNotBeforeMs: number | null) => {
    await acceptImports(services, [{ item, proofsNotBeforeMs }], {
      ...origin,
      projectId,
      withAncestors: false,
      lane: null,
    });
    await over.workOnAll();
  };
  const verify = async () => {
    const request = { level: 'content', readAfterMs: services.world.clock.nowMs() };
    const operation = over.newOperation({ kind: 'verify', backupId: item.backup_id, request });
    await services.catalogue.operations.addOperation(operation);
    await over.runOperation(operation.id);
    await over.workOnAll();
  };
  const reason = async () => {
    const record = await services.catalogue.backups.showBackup(projectId, item.backup_id);
    if (record === null) throw new Error('the backup is recorded');
    return record.fault?.code ?? null;
  };
  await importAgain(null);
  answer = 'rotten';
  await verify();
  expect(await reason()).toBe('content_mismatch');
  return {
    importAgain,
    verify,
    reason,
    answers: (next: typeof answer) => {
      answer = next;
    },
    clock: over.clock,
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}

async function* rot(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of body) yield piece.map((byte) => byte ^ 1);
}

test('a verification that cannot read the data leaves a broken backup broken', async () => {
  await using world = await openWithRot();
  world.answers('none');
  await world.verify();
  expect(await world.reason()).toBe('content_mismatch');
  await world.importAgain(null);
  expect(await world.reason()).toBe('content_mismatch');
  world.answers('right');
  await world.verify();
  expect(await world.reason()).toBeNull();
});

test.each([-1, -180 * 24])('a verification reads the data again after the clock was set by %d hours', async (hours) => {
  await using world = await openWithRot();
  world.answers('right');
  await world.verify();
  expect(await world.reason()).toBeNull();
  world.clock.step(hours * 3_600_000);
  world.answers('rotten');
  await world.verify();
  expect(await world.reason()).toBe('content_mismatch');
});

test('an import that wants recent proofs but reads no data does not undo a fault found in the data', async () => {
  await using world = await openWithRot();
  await world.importAgain(world.clock.nowMs() + 1);
  expect(await world.reason()).toBe('content_mismatch');
});
