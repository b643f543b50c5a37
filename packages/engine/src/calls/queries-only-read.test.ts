import { BackupSyncError, type CallInput, type CallName, calls, type UnaryCallName } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { makeSource } from '../catalogue/fixtures-for-conformance.ts';
import { makeHook } from '../catalogue/hook-conformance.ts';
import { stores } from '../catalogue/steps.ts';
import { startSourceRun } from '../sources/start-source-run.ts';
import { contextOfCalls } from '../testing/context-of-calls.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { handlers } from './handlers.ts';

type QueryName = {
  [Name in UnaryCallName]: (typeof calls)[Name]['kind'] extends 'query' ? Name : never;
}[UnaryCallName];

const bucketName = 'volumebackups';
const chain = writeSmallChain('queries', 8, [[1], [2]]);
const items = chain.map((backup) => syncItemOf(backup, bucketName));
const backup_id = items[0]?.backup_id ?? '';

class Wrote extends Error {}

/** A catalogue whose writing steps throw. `touch` changes nothing: see `CatalogueReads`. */
function readsOf(catalogue: Catalogue): Catalogue {
  const guarded = Object.entries(stores).map(([store, steps]) => [
    store,
    Object.fromEntries(
      Object.entries(steps).map(([name, { access }]) => {
        const refuse = () => Promise.reject(new Wrote(`${store}.${name}`));
        const step = (catalogue[store as keyof typeof stores] as Record<string, unknown>)[name];
        return [name, access === 'write' && name !== 'touch' ? refuse : step];
      }),
    ),
  ]);
  const change = (_: unknown, step: string) => Promise.reject(new Wrote(step));
  return { ...catalogue, ...Object.fromEntries(guarded), change };
}

test('no query writes to the catalogue', async () => {
  const objects = new Map(chain.flatMap((backup) => [...backup.objects]));
  await using over = await openServicesOver(openMemoryStorageUnit(new Map([[bucketName, objects]])), bucketName);
  const { services, projectId } = over;
  const storageUnitId = services.work.storage.id;
  const source = makeSource(projectId, '01a1c000-0000-7000-8000-000000000001', { storageUnitId, bucketName });
  await services.catalogue.sources.addSource(source);
  const actor = { kind: 'system', name: 'ada' } as const;
  const origin = { actor, requestId: 'r', confirmsRemovals: false };
  const operation_id = (await startSourceRun(services, source, origin))?.operationId ?? '';
  await over.workOnAll();
  const hookId = '01a1c000-0000-7000-8000-000000000002';
  await services.catalogue.hooks.addHook(makeHook(projectId, hookId));
  const caller = { ...actor, projectId, role: 'administrator' } as const;
  const inputs: { readonly [Name in QueryName]: Omit<CallInput<Name>, 'project_id'> } = {
    planSync: { sync: items },
    checkStorage: {},
    listBackups: {},
    showBackup: { backup_id },
    listOperationLogs: {},
    showOperationLog: { operation_log_id: operation_id },
    listOperations: {},
    showOperation: { operation_id },
    showCaller: {},
    countOperationDays: { from: '2026-03-01', to: '2026-03-31' },
    listResources: {},
    showStanding: {},
    listVerifications: { backup_id },
    listScanFindings: { operation_id },
    listPlanItems: { operation_id },
    listSources: {},
    showSource: { source_id: source.id },
    listVaults: {},
    showVault: { vault_id: source.id },
    showCheckpoint: { checkpoint_id: operation_id },
    listUsers: {},
    listProjects: {},
    listBucketGrants: {},
    listAccessKeys: {},
    listAuditEvents: {},
    listNodes: {},
    listHooks: {},
    listHookDeliveries: { hook_id: hookId },
  };
  const context = contextOfCalls({ ...services, catalogue: readsOf(services.catalogue) }, caller);
  const answered: string[] = [];
  for (const [name, input] of Object.entries(inputs) as [QueryName, object][]) {
    const query = handlers[name] as (from: typeof context, checked: unknown) => Promise<unknown>;
    try {
      await query(context, calls[name].input.parse({ ...input, project_id: projectId }));
      answered.push(name);
    } catch (error) {
      if (!(error instanceof BackupSyncError)) throw error;
    }
  }
  // The id belongs to a source run, not to a plan.
  const refused = (Object.keys(inputs) as CallName[]).filter((name) => !answered.includes(name));
  expect(refused).toEqual(['listPlanItems']);
  const removal = handlers.removeSource(context, { project_id: projectId, source_id: source.id });
  await expect(removal).rejects.toThrow(Wrote);
});
