import { BackupSyncError, hasEnded } from '@backup-sync/contracts';
import type { Json, TaskKind } from '../../catalogue/task-port.ts';
import type { CallContext } from '../../context.ts';

/** A page of what a task has found, while it runs or after. Throws `operation_not_found` where no task of this kind has the id. */
export async function findingsPage(
  context: CallContext,
  kind: TaskKind,
  input: { readonly project_id: string; readonly operation_id: string; readonly after: number; readonly limit: number },
): Promise<{
  readonly found: readonly Json[];
  readonly next: number;
  readonly ended: boolean;
  readonly complete: boolean;
}> {
  const { taskStore } = context.services;
  // Looked at before the findings: those of a task that had ended by then are all there.
  const task = await taskStore.showTask(input.project_id, input.operation_id);
  if (task?.kind !== kind) {
    throw new BackupSyncError('operation_not_found', `there is no ${kind} ${input.operation_id}`);
  }
  const rows = await taskStore.listFindings(task.id, input.after, input.limit);
  return {
    found: rows.map(({ finding }) => finding),
    next: rows.at(-1)?.sequence ?? input.after,
    ended: hasEnded(task.status),
    // What recognised nothing has gone through all there is.
    complete: task.status === 'success' || task.listedAtMs !== null || task.reasonCode === 'no_backup_recognised',
  };
}
