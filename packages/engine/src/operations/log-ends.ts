import { describeReason } from '@backup-sync/contracts';
import { type EndedOperation, hasItem, type OperationRecord, wireKind } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import { limitedEntries, noLog } from '../log-events.ts';
import type { Services } from '../services.ts';
import { describeBucket } from '../storage/names.ts';

const names = {
  import: 'import',
  delete: 'deletion',
  scan: 'scan',
  source_run: 'run of a source',
  verify: 'verification',
  plan: 'plan',
} as const satisfies Readonly<Record<ReturnType<typeof wireKind>, string>>;

/**
 * Writes the ends of operations to the log. Nothing depends on the entries, so those that a killed process did not write
 * are not caught up on.
 */
export async function logEnds(
  services: Pick<Services, 'catalogue' | 'world'>,
  ended: readonly EndedOperation[],
): Promise<void> {
  if (services.world.log === noLog) return;
  const failedItems = ended.filter((each) => isItem(each) && each.status !== 'success');
  // The entries of further ones would not be written, so nothing is read for them.
  const undetailed = new Set(failedItems.slice(limitedEntries));
  await Promise.all(ended.map((each) => logEnd(services, each, !undetailed.has(each))));
}

/** Whether it imported or deleted one backup. A sync ends thousands of these. */
function isItem({ kind }: EndedOperation): boolean {
  return kind === 'import' || kind === 'delete';
}

async function logEnd(
  { catalogue, world: { log } }: Pick<Services, 'catalogue' | 'world'>,
  ended: EndedOperation,
  isDetailed: boolean,
): Promise<void> {
  const { id, projectId, kind, status } = ended;
  const known = { operation_id: id, project_id: projectId, kind, status };
  if (status === 'success' && isItem(ended)) {
    log('item.succeeded', `The ${names[kind]} has succeeded.`, known);
    return;
  }
  const operation = isDetailed ? await showOrNull(catalogue.operations.showOperation(projectId, id)) : null;
  const failed = isItem(ended) ? 'item.failed' : 'operation.failed';
  const event = status === 'success' ? 'operation.succeeded' : failed;
  if (operation === null) log(event, `The ${names[kind]} has ended: ${status}.`, known);
  else log(event, messageOf(operation), { ...known, ...valuesOf(operation) });
}

/** The catalogue may stop answering after the end was stored. */
async function showOrNull(shown: Promise<OperationRecord | null>): Promise<OperationRecord | null> {
  try {
    return await shown;
  } catch (error) {
    if (!isCatalogueFault(error)) throw error;
    return null;
  }
}

function messageOf(operation: OperationRecord): string {
  const { bucketName, backupId, fault, message, status } = operation;
  const place = backupId === null ? describeBucket(bucketName) : `backup ${backupId} in ${describeBucket(bucketName)}`;
  const said = fault === null ? message : describeReason(fault.code, fault.detail).message;
  const end = status === 'success' ? 'has succeeded' : status === 'timeout' ? 'ran out of time' : 'has failed';
  return `The ${names[wireKind(operation)]} of ${place} ${end}${said === '' ? '' : `: ${said}`}`;
}

function valuesOf(operation: OperationRecord) {
  const { actor, requestId, fault, bucketName, backupId, createdAtMs, endedAtMs } = operation;
  return {
    kind: wireKind(operation),
    actor: actor.name,
    request_id: requestId,
    reason: fault?.code,
    bucket: bucketName,
    backup_id: backupId,
    resource_id: hasItem(operation) ? operation.item.resource_id : null,
    source_id: hasItem(operation) ? null : operation.sourceId,
    duration_ms: endedAtMs === null ? null : endedAtMs - createdAtMs,
  };
}
