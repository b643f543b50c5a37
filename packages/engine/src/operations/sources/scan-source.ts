import { BackupSyncError } from '@backup-sync/contracts';
import type { CallContext, CallHandler } from '../../context.ts';
import { refuseUngranted } from '../backups/granted-places.ts';
import { findSource, sourceNotFound } from './source-view.ts';
import { startSourceRun } from './start-source-run.ts';

/** Runs a source now, paused or not. */
export const scanSource: CallHandler<'scanSource'> = async (context, input) => {
  const { operationId, isNew } = await runSource(context, input.project_id, input.source_id, false);
  return { operation_id: operationId, joined: !isNew };
};

/** Lets a run mark what is held back, where it is still gone. */
export const confirmSource: CallHandler<'confirmSource'> = async (context, input) => {
  const source = await findSource(context, input.project_id, input.source_id);
  if (source.heldAtMs === null) {
    throw new BackupSyncError('source_not_held', `source ${source.name} holds nothing back`);
  }
  const { operationId, isNew } = await runSource(context, input.project_id, input.source_id, true);
  return { operation_id: operationId, joined: !isNew };
};

/** CBR's form of it: everything in the storage of a vault. */
export const syncCheckpoint: CallHandler<'syncCheckpoint'> = async (context, input) => {
  const { vault_id } = input.sync;
  const { operationId } = await runSource(context, input.project_id, vault_id, false);
  return { sync: { vault_id, operation_log_id: operationId } };
};

async function runSource(
  context: CallContext,
  projectId: string,
  sourceId: string,
  confirmsRemovals: boolean,
): Promise<{ readonly operationId: string; readonly isNew: boolean }> {
  const source = await findSource(context, projectId, sourceId);
  // A grant may have been taken away since the source was added.
  await refuseUngranted(context.services, projectId, [source]);
  const { caller, requestId, services } = context;
  const actor = { kind: caller.kind, name: caller.name };
  const started = await startSourceRun(services, source, { actor, requestId, confirmsRemovals });
  if (started === null) throw sourceNotFound(sourceId);
  if (confirmsRemovals && !started.isNew) {
    throw new BackupSyncError('backup_busy', `operation ${started.operationId} is running source ${source.name}`);
  }
  return started;
}
