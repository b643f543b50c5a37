import type { ScanFinding } from '@backup-sync/contracts';
import { hasItem } from '../catalogue/operation-records.ts';
import type { ScanRequest } from '../scans/scan-request.ts';
import type { StorageUnit } from '../storage/port.ts';
import { openServicesOver } from './services-over.ts';

const pageFindings = 1000;

/** A scan request with default values. */
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

/** Runs a scan over a real catalogue and any storage, without an engine. */
export async function scanOver(storage: StorageUnit, bucketName: string, changes: Partial<ScanRequest> = {}) {
  const over = await openServicesOver(storage, bucketName);
  const {
    catalogue,
    world: { clock },
  } = over.services;
  const operation = over.newOperation({ kind: 'scan', request: { ...plainScan, ...changes } });
  await catalogue.operations.addOperation(operation);
  const found: ScanFinding[] = [];
  return {
    faults: over.faults,
    /** The findings so far. Findings that an earlier call returned are not read again. */
    findings: async (): Promise<readonly ScanFinding[]> => {
      while (true) {
        const page = await catalogue.operations.listFindings(operation.id, found.length, pageFindings);
        found.push(...page.map(({ finding }) => finding as ScanFinding));
        if (page.length < pageFindings) return found;
      }
    },
    run: () => over.runOperation(operation.id),
    show: async () => {
      const shown = await catalogue.operations.showOperation(over.projectId, operation.id);
      return shown === null || hasItem(shown) ? null : shown;
    },
    cancel: () => catalogue.operations.cancelOperation(over.projectId, operation.id, clock.nowMs()),
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}
