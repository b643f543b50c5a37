import { incompleteAfterDefaultS, type ScanFinding } from '@backup-sync/contracts';
import type { NewOperation } from '../catalogue/operation-records.ts';
import { refuseUngranted } from '../imports/granted-places.ts';
import type { ScanRequest } from '../scans/scan-request.ts';
import type { MutationHandler, QueryHandler } from './call-context.ts';
import { findingsPage } from './operations.ts';

/** Starts a scan, or joins the same one while it waits or lists. Returns the id of its operation. */
export const startScan: MutationHandler<'startScan'> = async (context, input) => {
  const place = { bucketName: input.bucket_name, prefix: input.prefix };
  await refuseUngranted(context.services, input.project_id, [place]);
  const {
    work: { storedTimes, storage },
    world: { newId },
  } = context.services;
  const request: ScanRequest = {
    prefix: input.prefix,
    formats: null,
    pathTemplate: input.path_template ?? null,
    sync: input.sync,
    withAncestors: input.with_ancestors,
    reverifyAfterS: null,
    incompleteAfterS: incompleteAfterDefaultS,
    confirmsRemovals: false,
  };
  const operation: NewOperation = {
    id: newId(),
    projectId: input.project_id,
    kind: 'scan',
    parentOperationId: null,
    sourceId: null,
    storageUnitId: storage.id,
    bucketName: input.bucket_name,
    backupId: null,
    request,
    actor: { kind: context.caller.kind, name: context.caller.name },
    requestId: context.requestId,
    createdAtMs: await storedTimes.nowMs(),
    lane: 'mass',
  };
  const joined = await context.change('joinOperation', operation, request);
  return { operation_id: joined.operationId, joined: joined.result === 'joined' };
};

/** Returns a page of a scan's findings, in the order they were found, while it runs or after. */
export const listScanFindings: QueryHandler<'listScanFindings'> = async (context, input) => {
  const { found, ...page } = await findingsPage(context, 'scan', input);
  // Only the scan writes these, so they have this shape.
  return { ...page, findings: found as unknown as ScanFinding[] };
};
