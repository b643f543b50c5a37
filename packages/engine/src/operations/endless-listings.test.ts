import type { BackupSync } from '@backup-sync/contracts';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { planSync } from '../calls/plan-sync.ts';
import type { SourceRecord } from '../catalogue/source-records.ts';
import { operationLivesMs } from '../deadline.ts';
import { acceptImports } from '../imports/accept-imports.ts';
import { importChain } from '../imports/import-chain.ts';
import type { StorageUnit } from '../storage/port.ts';
import { endlessStorage } from '../testing/endless-storage.ts';
import { heldBytes } from '../testing/held-memory.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { plainScan } from '../testing/scan-over.ts';
import type { OperationOfTest } from '../testing/services-over.ts';
import { chainOfItem, openServicesOver } from '../testing/services-over.ts';

const bucketName = 'endless';
const item: BackupSync = {
  backup_id: 'backup-1',
  backup_name: 'backup-1',
  bucket_name: bucketName,
  image_path: 'server',
  resource_id: 'server',
  resource_name: 'server',
  resource_type: 'OS::Native::Server',
  created_at: 1_700_000_000,
};
/** Less than the keys alone of the pages between the two measurements of memory. */
const heldMaxBytes = 4 * 1024 * 1024;

type Over = Awaited<ReturnType<typeof openServicesOver>>;
type End = { readonly status: string; readonly fault: { readonly code: string } | null };

afterEach(() => {
  vi.useRealTimers();
});

async function endOfOperation(over: Over, operation: OperationOfTest): Promise<End | null> {
  const written = over.newOperation(operation);
  await over.services.catalogue.operations.addOperation(written);
  await over.runOperation(written.id);
  return await over.services.catalogue.operations.showOperation(over.projectId, written.id);
}

async function endOfSourceRun(over: Over): Promise<End | null> {
  const { services, projectId } = over;
  const source: SourceRecord = {
    id: 'source-1',
    projectId,
    name: 'endless',
    storageUnitId: services.work.storage.id,
    bucketName,
    prefix: '',
    format: null,
    pathTemplate: null,
    level: 'linkage',
    intervalS: null,
    reverifyAfterS: null,
    removalShare: 0.2,
    incompleteAfterS: 86_400,
    createdAtMs: 0,
    updatedAtMs: 0,
    pausedAtMs: null,
    heldAtMs: null,
    heldCause: null,
    heldRunId: null,
    nextRunAtMs: null,
    lastRun: null,
    lastGoodSyncAtMs: null,
  };
  await services.catalogue.sources.addSource(source);
  const operation = over.newOperation({ kind: 'scan', sourceId: source.id, request: { ...plainScan, sync: true } });
  await services.catalogue.sourceRuns.startRun({
    sourceId: source.id,
    operation,
    nextRunAtMs: null,
    confirmsRemovals: false,
  });
  await over.runOperation(operation.id);
  return await services.catalogue.operations.showOperation(projectId, operation.id);
}

async function endOfImport({ services, projectId, worker }: Over): Promise<End | null> {
  const actor = { kind: 'system', name: 'ada' } as const;
  const origin = {
    projectId,
    actor,
    requestId: 'request-1',
    parentOperationId: null,
    withAncestors: false,
    lane: null,
  };
  const [accepted] = await acceptImports(services, [{ item, proofsNotBeforeMs: null }], origin);
  if (accepted === undefined) throw new Error('one item was accepted');
  await importChain(worker, chainOfItem(services, projectId, accepted.item), {
    signal: services.world.stopping,
    storage: services.work.storage,
  });
  return await services.catalogue.operations.showOperation(projectId, accepted.id);
}

async function endOfPlan({ services, projectId }: Over): Promise<End> {
  const caller = { kind: 'system', name: 'ada', projectId, role: 'operator' } as const;
  const context = { services, caller, requestId: 'request-1' };
  const { plan } = await planSync(context, { project_id: projectId, sync: [item] });
  return { status: 'timeout', fault: plan[0]?.reason ?? null };
}

/** An endless listing, once the test switches to it. Before that, the backup is one object. */
function storageWith(beforePage: (pages: number) => void) {
  const whole = openMemoryStorageUnit(new Map([[bucketName, new Map([['server/disk', Buffer.from('bytes')]])]]));
  const endless = endlessStorage((index) => `server/${String(index).padStart(12, '0')}`, beforePage);
  let present = whole;
  const unit: StorageUnit = {
    id: endless.id,
    list: (request) => present.list(request),
    listFolders: (request) => present.listFolders(request),
    get: (request) => present.get(request),
    head: (request) => present.head(request),
    admit: (request) => present.admit(request),
    async [Symbol.asyncDispose]() {},
  };
  return {
    unit,
    goOnForEver: () => {
      present = endless;
    },
  };
}

describe('a listing that never ends', () => {
  test.each<[string, number, (over: Over) => Promise<End | null>]>([
    ['a scan', 240, (over) => endOfOperation(over, { kind: 'scan', request: plainScan })],
    [
      'a scan that finds a backup in each object',
      30,
      (over) =>
        endOfOperation(over, { kind: 'scan', request: { ...plainScan, pathTemplate: '{resource_id}/{backup_id}' } }),
    ],
    ['a run of a source', 240, endOfSourceRun],
    [
      'a plan of the bucket',
      240,
      (over) => endOfOperation(over, { kind: 'plan', request: { prefix: '', pathTemplate: null } }),
    ],
    ['a plan of a sync', 240, endOfPlan],
    ['an import', 240, endOfImport],
    [
      'a verification',
      240,
      (over) =>
        endOfOperation(over, {
          kind: 'verify',
          backupId: item.backup_id,
          request: { level: 'content', readAfterMs: 0 },
        }),
    ],
  ])('ends %s when its time is up, and fills no memory until then', async (_, pages, endOf) => {
    let heldAtFirst = Number.NaN;
    let held = Number.NaN;
    // The first pages fill the memory that is kept for listings of a normal length.
    const { unit, goOnForEver } = storageWith((listed) => {
      if (listed === pages / 2) heldAtFirst = heldBytes();
      if (listed !== pages) return;
      held = heldBytes();
      passTime();
      vi.advanceTimersByTime(operationLivesMs);
    });
    await using over = await openServicesOver(unit, bucketName);
    const passTime = () => {
      over.clock.timeMs += operationLivesMs;
    };
    expect(await endOfImport(over)).toMatchObject({ status: 'success' });
    goOnForEver();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    expect(await endOf(over)).toMatchObject({ status: 'timeout', fault: { code: 'deadline_exceeded' } });
    expect(over.faults).toEqual([]);
    expect(held - heldAtFirst).toBeLessThan(heldMaxBytes);
    // The listing never ended, so nothing may say that the backup is gone.
    const record = await over.services.catalogue.backups.showBackup(over.projectId, item.backup_id);
    expect(record).toMatchObject({ status: 'available', fault: null });
  });
});
