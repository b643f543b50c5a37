import { expect, test } from 'vitest';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { CatalogueFullError } from '../catalogue/catalogue-errors.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { acceptImports } from '../imports/accept-imports.ts';
import { importChain } from '../imports/import-chain.ts';
import { workOnScan } from '../sources/scan-work.ts';
import { openFilesystemStorageUnit } from '../storage/filesystem/filesystem-storage-unit.ts';
import { openJobRun } from '../testing/job-run.ts';
import { plainScan } from '../testing/scan-over.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { runOperation } from './run-operation.ts';

const bucketName = 'volumebackups';
const chain = writeSmallChain('full', 16, [[1]]);

async function openBucket() {
  await using stack = new AsyncDisposableStack();
  const buckets = stack.use(await makeTestBuckets());
  for (const { objects } of chain) await buckets.put(bucketName, objects);
  const storage = stack.use(await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory }));
  const over = stack.use(await openServicesOver(storage, bucketName, { linkageMaxBytes: 2 ** 30 }));
  const owned = stack.move();
  return {
    ...over,
    run: openJobRun(storage),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Finds the disk full the first time, and passes later calls on. */
function fullOnce<Input extends readonly unknown[], Output>(write: (...input: Input) => Promise<Output>) {
  let isFull = true;
  return async (...input: Input): Promise<Output> => {
    if (!isFull) return write(...input);
    isFull = false;
    throw new CatalogueFullError('/data');
  };
}

test.each([
  ['operations', 'finishImports'],
  ['backups', 'findProofs'],
] as const)(
  'an import that finds the disk full at %s.%s is retried, and ends as if nothing had happened',
  async (store, step) => {
    await using over = await openBucket();
    const { services, projectId } = over;
    const items = chain.map((backup) => ({ item: syncItemOf(backup, bucketName), proofsNotBeforeMs: null }));
    const actor = { kind: 'system', name: 'ada' } as const;
    const origin = {
      projectId,
      actor,
      requestId: 'request-1',
      parentOperationId: null,
      withAncestors: false,
      lane: null,
    };
    const accepted = await acceptImports(services, items, origin);
    const ofStore: Record<string, unknown> = services.catalogue[store];
    const failing = { ...ofStore, [step]: fullOnce<never[], unknown>(ofStore[step] as never) };
    const catalogue: Catalogue = { ...services.catalogue, [store]: failing, fenced: () => catalogue };
    const worker = { ...over.worker, services: { ...services, catalogue } };
    const chainKey = {
      projectId,
      storageUnitId: services.work.storage.id,
      bucketName,
      chainRoot: chainRootOf(chain[0]?.imagePath ?? ''),
    };
    await expect(importChain(worker, chainKey, over.run)).rejects.toThrow(CatalogueFullError);
    await importChain(worker, chainKey, over.run);
    const ended = await Promise.all(
      accepted.map(({ id }) => services.catalogue.operations.showOperation(projectId, id)),
    );
    expect(ended).toMatchObject(chain.map(() => ({ status: 'success', fault: null })));
    expect(over.faults).toEqual([]);
  },
);

test('a scan that finds the disk full is retried, and ends as if nothing had happened', async () => {
  await using over = await openBucket();
  const { services, projectId } = over;
  const operation = over.newOperation({ kind: 'scan', request: plainScan });
  await services.catalogue.operations.addOperation(operation);
  const { operations } = services.catalogue;
  const failing = { ...operations, addFindings: fullOnce(operations.addFindings) };
  const catalogue: Catalogue = { ...services.catalogue, operations: failing, fenced: () => catalogue };
  const works = { scan: workOnScan, plan: workOnScan, verify: workOnScan };
  const worker = { ...over.worker, services: { ...services, catalogue }, works };
  await expect(runOperation(worker, operation.id, over.run)).rejects.toThrow(CatalogueFullError);
  await runOperation(worker, operation.id, over.run);
  expect(await services.catalogue.operations.showOperation(projectId, operation.id)).toMatchObject({
    status: 'success',
    fault: null,
  });
  expect(over.faults).toEqual([]);
});
