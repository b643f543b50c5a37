import { BackupSyncError, hasEnded, type ScanFinding } from '@backup-sync/contracts';
import type { Verb } from '../../context.ts';

/** Pages through findings in the order of finding, while the scan runs or after. */
export const listScanFindings: Verb<'listScanFindings'> = async (context, input) => {
  const { taskStore } = context.services;
  // Looked at before the findings: those of a scan that had ended by then are all there.
  const task = await taskStore.showTask(input.project_id, input.operation_id);
  if (task?.kind !== 'scan') {
    throw new BackupSyncError('operation_not_found', `there is no scan ${input.operation_id}`);
  }
  const rows = await taskStore.listFindings(task.id, input.after, input.limit);
  return {
    // Written by the scan alone, so they have this shape.
    findings: rows.map(({ finding }) => finding as ScanFinding),
    next: rows.at(-1)?.sequence ?? input.after,
    ended: hasEnded(task.status),
    complete: task.status === 'success',
  };
};
