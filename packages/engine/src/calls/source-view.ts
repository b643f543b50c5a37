import { BackupSyncError, describeHold, describeReason, type Source, toWireTime } from '@backup-sync/contracts';
import type { LastRun, SourceRecord } from '../catalogue/source-records.ts';
import type { QueryServices } from '../services.ts';
import type { CallContext } from './call-context.ts';

/** Converts a source to its wire form. */
export function sourceView(record: SourceRecord): Source {
  const { heldAtMs, heldCause, heldRunId, pausedAtMs } = record;
  const time = (timeMs: number | null) => (timeMs === null ? null : toWireTime(timeMs));
  return {
    id: record.id,
    name: record.name,
    bucket_name: record.bucketName,
    prefix: record.prefix,
    format: record.format,
    path_template: record.pathTemplate,
    level: record.level,
    interval_s: record.intervalS,
    reverify_after_s: record.reverifyAfterS,
    removal_share: record.removalShare,
    incomplete_after_s: record.incompleteAfterS,
    status: heldAtMs !== null ? 'held' : pausedAtMs !== null ? 'paused' : 'active',
    paused: pausedAtMs !== null,
    held: heldAtMs === null || heldCause === null ? null : describeHold(heldCause, toWireTime(heldAtMs), heldRunId),
    created_at: toWireTime(record.createdAtMs),
    next_run_at: time(record.nextRunAtMs),
    last_run_id: record.lastRun?.id ?? null,
    last_run: record.lastRun === null ? null : lastRunView(record.lastRun),
    last_good_sync_at: time(record.lastGoodSyncAtMs),
  };
}

function lastRunView({ status, fault, progress, endedAtMs }: LastRun): Source['last_run'] {
  return {
    status,
    reason: fault === null ? null : describeReason(fault.code, fault.detail),
    objects_listed: progress.objects_listed ?? 0,
    ended_at: endedAtMs === null ? null : toWireTime(endedAtMs),
  };
}

/** Returns the source with this id. Throws `source_not_found`. */
export async function findSource(
  context: CallContext<QueryServices>,
  projectId: string,
  sourceId: string,
): Promise<SourceRecord> {
  const source = await context.services.catalogue.sources.showSource(projectId, sourceId);
  if (source === null) throw sourceNotFound(sourceId);
  return source;
}

export function sourceNotFound(sourceId: string): BackupSyncError {
  return new BackupSyncError('source_not_found', `there is no source ${sourceId}`);
}
