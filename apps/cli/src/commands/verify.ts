import { BackupSyncError, hasEnded, type Operation, verifyResult } from '@backup-sync/contracts';
import type { Operations } from '@backup-sync/core';
import { connect } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { liveLine } from '../progress.ts';
import { formatBytes, formatTable, printable } from '../table.ts';
import { note, print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** Milliseconds between two looks at an operation. */
const pollEveryMs = 250;

/** Reads what is stored of the backups and waits for the outcome. Exits 3 when one is not as it must be. */
export async function verifyCommand(
  context: CommandContext,
  backupIds: readonly string[],
  level: 'content' | 'replay',
): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const { operations } = connection.client;
  const started: string[] = [];
  const unknown: string[] = [];
  for (const backupId of backupIds) {
    try {
      const { operation_id } = await operations.verifyBackup({ backup_id: backupId, level }, { signal });
      started.push(operation_id);
    } catch (error) {
      if (!(error instanceof BackupSyncError) || error.code !== 'backup_not_found') throw error;
      unknown.push(backupId);
    }
  }
  const ended: Operation[] = [];
  for (const id of started) ended.push(await follow(operations, id, context));
  if (terminal.json) printJson(terminal, { operations: ended, not_recorded: unknown });
  else {
    print(terminal, describe(ended));
    for (const backupId of unknown) note(terminal, `no backup ${printable(backupId)} is recorded`);
  }
  return unknown.length === 0 && ended.every(({ status }) => status === 'success')
    ? exitCodes.done
    : exitCodes.someItemsFailed;
}

async function follow(operations: Operations, id: string, { terminal, signal }: CommandContext): Promise<Operation> {
  const live = liveLine(terminal);
  try {
    while (true) {
      const { operation } = await operations.showOperation({ operation_id: id }, { signal });
      if (hasEnded(operation.status)) return operation;
      live.show(`verifying ${operation.backup_id}: ${progressOf(operation)}`);
      await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
    }
  } finally {
    live.stop();
  }
}

function progressOf({ progress, status }: Operation): string {
  const { replayed_bytes: replayed, volume_bytes: volume, objects, stored_bytes: stored } = progress;
  if (replayed !== undefined && volume !== undefined)
    return `replayed ${formatBytes(replayed)} of ${formatBytes(volume)}`;
  if (objects !== undefined && stored !== undefined) return `${objects} objects, ${formatBytes(stored)} read`;
  return status;
}

function describe(ended: readonly Operation[]): string {
  const headings = ['BACKUP', 'LEVEL', 'VOLUME', 'SHA-256 OF THE VOLUME', 'RESULT'];
  const rows = ended.map((operation) => {
    const result = verifyResult.safeParse(operation.result).data;
    return [
      operation.backup_id ?? '',
      result?.level ?? '-',
      result?.volume_bytes == null ? '-' : formatBytes(result.volume_bytes),
      result?.volume_sha256 ?? '-',
      operation.reason === null ? operation.status : `${operation.status}: ${operation.reason.code}`,
    ];
  });
  const reasons = ended.flatMap(({ backup_id, reason }) =>
    reason === null ? [] : [`\n${backup_id}: ${reason.message}\n  What to do: ${reason.remedy}`],
  );
  return [
    formatTable(
      headings.map((heading) => ({ heading })),
      rows,
    ),
    ...reasons,
  ].join('\n');
}
