import { toWireTime } from '@backup-sync/contracts';
import type { Verb } from '../../context.ts';
import { taskView } from '../tasks/task-view.ts';
import { findSource, sourceView } from './source-view.ts';

/** Rows of each list that are shown. */
const rowsMax = 1000;

/** How old is the newest proved backup of each resource, how did the newest run end, and what waits to be confirmed? */
export const showSource: Verb<'showSource'> = async (context, input) => {
  const { sourceStore, taskStore, clock } = context.services;
  const source = await findSource(context, input.project_id, input.source_id);
  const lastRun = source.lastRunId === null ? null : await taskStore.showTask(source.projectId, source.lastRunId);
  const resources = await sourceStore.resourcesOf(source, rowsMax);
  const held = source.heldAtMs === null ? { members: [], count: 0 } : await sourceStore.heldMembers(source.id, rowsMax);
  const nowS = Math.floor(clock.nowMs() / 1000);
  return {
    source: sourceView(source),
    last_run: lastRun === null ? null : taskView(lastRun),
    resources: resources.map(({ resourceId, resourceName, backups, proved, newestProvedTakenAtS: protectedAtS }) => ({
      resource_id: resourceId,
      resource_name: resourceName,
      backups,
      proved_backups: proved,
      newest_proved_at: protectedAtS === null ? null : toWireTime(protectedAtS * 1000),
      newest_proved_age_s: protectedAtS === null ? null : nowS - protectedAtS,
    })),
    held_backups: held.members.map(({ backupId, imagePath }) => ({ backup_id: backupId, image_path: imagePath })),
    held_count: held.count,
  };
};
