import { expect, test } from 'vitest';
import { cancelOperation } from '../calls/operations.ts';
import { makeSource } from '../catalogue/fixtures-for-conformance.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { importChain } from '../imports/import-chain.ts';
import { startSourceRun } from '../sources/start-source-run.ts';
import { contextOfCalls } from '../testing/context-of-calls.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { writeSmallChain } from '../testing/small-chain.ts';

const bucketName = 'volumebackups';
const chain = writeSmallChain('cancelled verifications', 8, [[1], [2], [3], [4], [5]]);

test('if the verification of a source is cancelled before it begins, the next one starts', async () => {
  const objects = new Map(chain.flatMap((backup) => [...backup.objects]));
  await using over = await openServicesOver(openMemoryStorageUnit(new Map([[bucketName, objects]])), bucketName);
  const { services, projectId, worker } = over;
  const storageUnitId = services.work.storage.id;
  const source = makeSource(projectId, 'source-1', { storageUnitId, bucketName, intervalS: null, level: 'content' });
  await services.catalogue.sources.addSource(source);
  const actor = { kind: 'system', name: 'ada' } as const;
  const started = await startSourceRun(services, source, { actor, requestId: 'r', confirmsRemovals: false });
  await over.runOperation(started?.operationId ?? '');
  const chainRoot = chainRootOf(chain[0]?.imagePath ?? '');
  const run = { signal: services.world.stopping, storage: services.work.storage };
  await importChain(worker, { projectId, storageUnitId, bucketName, chainRoot }, run);
  const verifications = () =>
    over
      .jobs()
      .flatMap((job) => (job.kind === 'operation' && job.operation.kind === 'verify' ? [job.operation.id] : []));
  const [first = '', ...others] = verifications();
  const caller = { ...actor, projectId, role: 'administrator' } as const;
  const context = contextOfCalls(services, caller);
  const { operation } = await cancelOperation(context, { project_id: projectId, operation_id: first });
  expect(operation).toMatchObject({ status: 'failed', reason: { code: 'cancelled' } });
  expect(verifications()).toHaveLength(others.length + 2);
});
