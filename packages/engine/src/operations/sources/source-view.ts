import { BackupSyncError, describeHold, type Source, toWireTime } from '@backup-sync/contracts';
import type { SourceRecord } from '../../catalogue/source-port.ts';
import type { CallContext } from '../../context.ts';

/** A source in the form of the wire. */
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
    status: heldAtMs !== null ? 'held' : pausedAtMs !== null ? 'paused' : 'active',
    paused: pausedAtMs !== null,
    held: heldAtMs === null || heldCause === null ? null : describeHold(heldCause, toWireTime(heldAtMs), heldRunId),
    created_at: toWireTime(record.createdAtMs),
    next_run_at: time(record.nextRunAtMs),
    last_run_id: record.lastRunId,
    last_good_sync_at: time(record.lastGoodSyncAtMs),
  };
}

/** The source of a call, with its newest runs seen to. Throws `source_not_found`. */
export async function findSource(context: CallContext, projectId: string, sourceId: string): Promise<SourceRecord> {
  const { sourceStore } = context.services;
  await sourceStore.settleRuns();
  const source = await sourceStore.showSource(projectId, sourceId);
  if (source === null) throw sourceNotFound(sourceId);
  return source;
}

export function sourceNotFound(sourceId: string): BackupSyncError {
  return new BackupSyncError('source_not_found', `there is no source ${sourceId}`);
}
