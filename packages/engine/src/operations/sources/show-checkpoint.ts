import { BackupSyncError, vaultResourcesMax } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { checkpointView } from './vault-view.ts';

/** The run of a source in the form of CBR's checkpoint. */
export const showCheckpoint: CallHandler<'showCheckpoint'> = async (context, input) => {
  const { sourceStore, taskStore } = context.services;
  const { project_id: projectId, checkpoint_id: id } = input;
  const run = await taskStore.showTask(projectId, id);
  if (run === null || run.sourceId === null) {
    throw new BackupSyncError('checkpoint_not_found', `there is no checkpoint ${id}: no run of a source has this id`);
  }
  const source = await sourceStore.showSource(projectId, run.sourceId);
  const contents = await sourceStore.contentsOfRun(projectId, id, vaultResourcesMax);
  return { checkpoint: checkpointView(run, { id: run.sourceId, name: source?.name ?? null }, contents) };
};
