import type { BackupSyncInput } from '@backup-sync/contracts';
import type { CbrBackup, CbrOperationLog, Client, SyncOptions } from '@backup-sync/core';
import { showProgress } from '../progress.ts';
import { note, type Terminal } from '../terminal.ts';

/** Syncs the items and follows them to their end. The logs come in the order of the items. */
export async function runSync(
  client: Client,
  items: readonly BackupSyncInput[],
  terminal: Terminal,
  options: SyncOptions,
): Promise<CbrOperationLog[]> {
  const { signal } = options;
  const ids: string[] = [];
  for await (const { operation_log_id } of client.syncBackups(items, options)) ids.push(operation_log_id);
  const ended = new Map<string, CbrOperationLog>();
  const progress = showProgress(terminal, new Set(ids).size);
  try {
    for await (const log of client.waitFor(ids, { signal })) {
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
  client: Client,
  logs: readonly CbrOperationLog[],
  signal: AbortSignal,
): Promise<Map<string, CbrBackup>> {
  const records = new Map<string, CbrBackup>();
  const wanted = new Set(logs.flatMap((log) => log.extra_info?.backup?.backup_id ?? []));
  if (wanted.size === 0) return records;
  for await (const backup of client.allBackups({}, { signal })) {
    if (wanted.has(backup.id)) records.set(backup.id, backup);
    if (records.size === wanted.size) break;
  }
  return records;
}
