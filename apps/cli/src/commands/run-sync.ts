import type { Backup, BackupSyncInput, OperationLog } from '@backup-sync/contracts';
import { type Operations, type SyncOptions, syncAll, waitForOperations } from '@backup-sync/core';
import { showProgress } from '../progress.ts';
import { note, type Terminal } from '../terminal.ts';

/** Syncs the items and follows them to their end. The logs come in the order of the items. */
export async function runSync(
  operations: Operations,
  items: readonly BackupSyncInput[],
  terminal: Terminal,
  options: SyncOptions,
): Promise<OperationLog[]> {
  const { signal } = options;
  const ids: string[] = [];
  for await (const accepted of syncAll(operations, items, options)) {
    for (const { operation_log_id } of accepted) ids.push(operation_log_id);
  }
  const ended = new Map<string, OperationLog>();
  const progress = showProgress(terminal, new Set(ids).size);
  try {
    for await (const log of waitForOperations(operations, ids, { signal })) {
      ended.set(log.id, log);
      progress.ended(log);
    }
  } finally {
    progress.stop();
    if (signal?.aborted)
      note(terminal, 'interrupted: what was accepted is kept; run the same command again to follow it to its end');
  }
  return ids.flatMap((id) => ended.get(id) ?? []);
}

/** The records of the backups that these logs are of, by id, as far as they are recorded. */
export async function recordsOf(
  operations: Operations,
  logs: readonly OperationLog[],
  signal: AbortSignal,
): Promise<Map<string, Backup>> {
  const records = new Map<string, Backup>();
  const wanted = new Set(logs.flatMap((log) => log.extra_info.backup?.backup_id ?? []));
  let marker: string | undefined;
  while (wanted.size > records.size) {
    const page = await operations.listBackups({ limit: 1000, ...(marker !== undefined && { marker }) }, { signal });
    for (const backup of page.backups) if (wanted.has(backup.id)) records.set(backup.id, backup);
    marker = page.backups.at(-1)?.id;
    if (page.backups.length < page.limit) break;
  }
  return records;
}
