import { counted } from '@backup-sync/contracts';
import type { Json } from '../catalogue/operation-records.ts';
import type { Fault } from '../chain/proof/link.ts';
import type { OperationOutcome, OperationRun } from '../operations/run-operation.ts';
import { progressOf, type ScanTotals, scanBucket } from '../scans/scan-bucket.ts';
import { type ScanRequest, scanRequestOf } from '../scans/scan-request.ts';
import { faultOfUnrecognised } from '../scans/unrecognised.ts';
import { type Removals, SourceGoneError, SourceRun } from './source-run.ts';
import { startVerifications } from './start-verifications.ts';

/** Works on a scan. If it throws, the findings so far are kept, and listed as not complete. */
export async function workOnScan(run: OperationRun): Promise<OperationOutcome> {
  const request = scanRequestOf(run.operation.request);
  const { sourceId, projectId } = run.operation;
  if (sourceId === null) {
    const totals = await scanBucket(run, request, async () => {});
    const message = describe(request, totals);
    return { message, fault: faultOf(run, request, totals), result: totals as Json, awaitsImports: request.sync };
  }
  try {
    return await workOnSource(run, request, projectId, sourceId);
  } catch (error) {
    if (!(error instanceof SourceGoneError)) throw error;
    return { message: '', fault: { code: 'cancelled', detail: error.message }, result: null };
  }
}

async function workOnSource(
  run: OperationRun,
  request: ScanRequest,
  projectId: string,
  sourceId: string,
): Promise<OperationOutcome> {
  const source = await run.services.catalogue.sources.showSource(projectId, sourceId);
  if (source === null) throw new SourceGoneError('the source was removed');
  const sourceRun = new SourceRun(run, source, request.confirmsRemovals);
  const totals = await scanBucket(run, request, (found, importIds) => sourceRun.note(found, importIds));
  const removals = await sourceRun.conclude(totals.objects);
  if (removals.held) {
    run.services.world.log('source.held', `The source ${source.name} is held: removals wait for confirmation.`, {
      operation_id: run.operation.id,
      project_id: projectId,
      source_id: sourceId,
      bucket: source.bucketName,
    });
  }
  await startVerifications(run.services, run.operation.id);
  run.report({ ...progressOf(totals), vanished: removals.vanished });
  const result = { ...totals, ...removals } as Json;
  return {
    message: describe(request, totals, removals),
    fault: faultOf(run, request, totals),
    result,
    awaitsImports: true,
  };
}

function faultOf(
  { operation: { bucketName } }: OperationRun,
  { prefix }: ScanRequest,
  totals: ScanTotals,
): Fault | null {
  return faultOfUnrecognised(totals, { bucketName, prefix });
}

/** Summarises the listing. The number of backups in error is known only when the imports have ended. */
function describe(
  { sync }: ScanRequest,
  { objects, passedOver, found, problems }: ScanTotals,
  removals?: Removals,
): string {
  const snapshots = passedOver === 0 ? '' : ` (${passedOver} ignored in snapshot folders)`;
  const listing = `the listing is complete: ${counted(objects, 'object')}${snapshots}, ${counted(found, 'backup')}`;
  const scan = sync ? listing : `${listing}, ${problems} with a problem`;
  if (removals === undefined) return scan;
  if (removals.held) return `${scan}; the source is held: removals wait for confirmation`;
  return removals.vanished === 0 ? scan : `${scan}; ${removals.vanished} marked as vanished`;
}
