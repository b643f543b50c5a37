import { BackupSyncError } from '@backup-sync/contracts';
import type { SourceRecord } from '../../catalogue/source-port.ts';
import type { CallHandler } from '../../context.ts';
import { refuseUngranted } from '../backups/granted-places.ts';
import { refuseUnlistable } from './refuse-unlistable.ts';
import { sourceView } from './source-view.ts';

/** Adds a source. One with an interval runs at once, and then by its interval. */
export const addSource: CallHandler<'addSource'> = async (context, input) => {
  const place = { bucketName: input.bucket_name, prefix: input.prefix };
  await refuseUngranted(context.services, input.project_id, [place]);
  if (input.format !== null && input.path_template !== null) {
    throw new BackupSyncError('invalid_request', 'path_template: is for formats that are not known; leave out format');
  }
  if (!input.force) await refuseUnlistable(context.services, place);
  const { sourceStore, storedTimes, newId, storage } = context.services;
  const nowMs = await storedTimes.nowMs();
  const source: SourceRecord = {
    id: newId(),
    projectId: input.project_id,
    name: input.name,
    storageUnitId: storage.id,
    bucketName: input.bucket_name,
    prefix: input.prefix,
    format: input.format,
    pathTemplate: input.path_template,
    level: input.level,
    intervalS: input.interval_s,
    reverifyAfterS: input.reverify_after_s,
    removalShare: input.removal_share,
    incompleteAfterS: input.incomplete_after_s,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    pausedAtMs: null,
    heldAtMs: null,
    heldCause: null,
    heldRunId: null,
    nextRunAtMs: input.interval_s === null ? null : nowMs,
    lastRun: null,
    lastGoodSyncAtMs: null,
  };
  if ((await sourceStore.addSource(source)) === 'name_taken') {
    throw new BackupSyncError('source_name_taken', `there is a source ${JSON.stringify(input.name)} already`);
  }
  return { source: sourceView(source) };
};
