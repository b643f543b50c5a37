import { describeReason } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { resourceView } from '../resources/resource-view.ts';
import { taskView } from '../tasks/task-view.ts';
import { findSource, sourceView } from './source-view.ts';

/** Rows of each list that are shown. */
const rowsMax = 1000;

/** How old is the newest proved backup of each resource, how did the newest run end, what is in error, and what waits to be confirmed? */
export const showSource: CallHandler<'showSource'> = async (context, input) => {
  const { catalogue, sourceStore, taskStore, clock, outages } = context.services;
  const source = await findSource(context, input.project_id, input.source_id);
  const lastRun = source.lastRun === null ? null : await taskStore.showTask(source.projectId, source.lastRun.id);
  const { rows: resources } = await catalogue.listResources({
    project_id: source.projectId,
    source_id: source.id,
    level: source.level,
    limit: rowsMax,
  });
  const held = source.heldAtMs === null ? { members: [], count: 0 } : await sourceStore.heldMembers(source.id, rowsMax);
  const { errors, count: errorCount } = await sourceStore.listErrors(source, rowsMax);
  return {
    source: sourceView(source),
    last_run: lastRun === null ? null : taskView(lastRun, outages),
    resources: resources.map((resource) => resourceView(resource, clock.nowMs())),
    held_backups: held.members.map(({ backupId, imagePath }) => ({ backup_id: backupId, image_path: imagePath })),
    held_count: held.count,
    errors: errors.map(({ backupId, backupName, imagePath, reasonCode, reasonDetail }) => ({
      backup_id: backupId,
      backup_name: backupName,
      image_path: imagePath,
      reason: describeReason(reasonCode, reasonDetail),
    })),
    error_count: errorCount,
  };
};
