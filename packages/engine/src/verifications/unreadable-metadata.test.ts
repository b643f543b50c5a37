import type { ReasonCode } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { acceptImports } from '../imports/accept-imports.ts';
import { StorageError } from '../storage/port.ts';
import { type Alterations, alterStorage } from '../testing/altered-storage.ts';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';

const bucketName = 'volumebackups';
const [full, leaf] = writeSmallChain('unreadable metadata', 8, [[1]]) as [WrittenBackup, WrittenBackup];
const origin = { actor: { kind: 'system', name: 'ada' }, requestId: 'r', parentOperationId: null } as const;

/** Verifies the last link of a recorded chain over storage that answers differently than when it was recorded. */
async function verifyOver(alterations: Alterations) {
  let isAltered = false;
  const objects = new Map([...full.objects, ...leaf.objects]);
  const storage = alterStorage(openMemoryStorageUnit(new Map([[bucketName, objects]])), {
    beforeGet: (request) => isAltered && alterations.beforeGet?.(request),
    get: (request, content) => (isAltered && alterations.get?.(request, content)) || content,
  });
  await using over = await openServicesOver(storage, bucketName, { linkageMaxBytes: Number.POSITIVE_INFINITY });
  const { services, projectId } = over;
  const sync = async () => {
    const wanted = [full, leaf].map((backup) => ({ item: syncItemOf(backup, bucketName), proofsNotBeforeMs: null }));
    await acceptImports(services, wanted, { ...origin, projectId, withAncestors: false, lane: null });
    await over.workOnAll();
  };
  const recorded = () => services.catalogue.backups.showBackup(projectId, leaf.plan.backupId);
  await sync();
  isAltered = true;
  const request = { level: 'content', readAfterMs: services.world.clock.nowMs() };
  const operation = over.newOperation({ kind: 'verify', backupId: leaf.plan.backupId, request });
  await services.catalogue.operations.addOperation(operation);
  await over.runOperation(operation.id);
  const verified = await recorded();
  isAltered = false;
  await sync();
  expect(over.faults).toEqual([]);
  return {
    operation: await services.catalogue.operations.showOperation(projectId, operation.id),
    verified,
    synced: await recorded(),
  };
}

test.each<[string, RegExp, 'access_denied' | 'storage_token_expired', ReasonCode]>([
  ['metadata', /_metadata$/, 'access_denied', 'access_denied'],
  ['metadata of the parent', new RegExp(`${full.plan.backupId}_metadata$`), 'access_denied', 'access_denied'],
  ['block hashes', /_sha256file$/, 'access_denied', 'access_denied'],
  ['metadata', /_metadata$/, 'storage_token_expired', 'storage_token_expired'],
])('a verification whose %s is refused fails with that reason, and leaves the record unchanged', async (...row) => {
  const [, pattern, refusal, reasonCode] = row;
  const { operation, verified } = await verifyOver({
    beforeGet: ({ key }) => {
      if (pattern.test(key)) throw new StorageError(refusal, 'refused by the test');
    },
  });
  expect(operation).toMatchObject({ status: 'failed', fault: { code: reasonCode } });
  expect(verified).toMatchObject({ status: 'available', level: 'linkage', fault: null });
});

test.each([
  ['metadata', '_metadata', 'metadata_unreadable'],
  ['metadata of the parent', `${full.plan.backupId}_metadata`, 'parent_broken'],
  ['block hashes', '_sha256file', 'metadata_unreadable'],
] as const)('rot in %s that no listing shows marks the record, and a sync does not call it whole', async (...row) => {
  const [, suffix, reasonCode] = row;
  const { operation, verified, synced } = await verifyOver({
    get: ({ key }, content) => (key.endsWith(suffix) ? { ...content, body: rotten(content.body) } : content),
  });
  expect(operation).toMatchObject({ status: 'failed', fault: { code: reasonCode } });
  expect(verified).toMatchObject({ status: 'error', fault: { code: reasonCode } });
  expect(synced).toMatchObject({ status: 'error', fault: { code: reasonCode } });
});

async function* rotten(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) yield bytes.map((byte, index) => (index === 0 ? byte ^ 0x5a : byte));
}
