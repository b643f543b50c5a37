import type { ScanFinding } from '@backup-sync/contracts';
import type { ScanRequest } from '../scans/scan-request.ts';
import type { StorageUnit } from '../storage/port.ts';
import { openServicesOver } from './services-over.ts';

const pageFindings = 1000;

/** What a scan is asked for where nothing is asked for. */
export const plainScan: ScanRequest = {
  prefix: '',
  formats: null,
  pathTemplate: null,
  sync: false,
  withAncestors: false,
  reverifyAfterS: null,
  incompleteAfterS: 24 * 60 * 60,
  confirmsRemovals: false,
};

/** A scan's worker over a real catalogue and any storage, with nothing around it. */
export async function scanOver(storage: StorageUnit, bucketName: string, changes: Partial<ScanRequest> = {}) {
  const over = await openServicesOver(storage, bucketName);
  const {
    catalogue,
    world: { clock },
  } = over.services;
  const task = over.newTask({ kind: 'scan', request: { ...plainScan, ...changes } });
  await catalogue.operations.addTask(task);
  const found: ScanFinding[] = [];
  return {
    faults: over.faults,
    /** What was found until now; what an earlier call has read is not read again. */
    findings: async (): Promise<readonly ScanFinding[]> => {
      while (true) {
        const page = await catalogue.operations.listFindings(task.id, found.length, pageFindings);
        found.push(...page.map(({ finding }) => finding as ScanFinding));
        if (page.length < pageFindings) return found;
      }
    },
    run: () => over.runTask(task.id),
    show: () => catalogue.operations.showTask(over.projectId, task.id),
    cancel: () => catalogue.operations.cancelOperation(over.projectId, task.id, clock.nowMs()),
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}
