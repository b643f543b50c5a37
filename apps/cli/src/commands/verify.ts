import { BackupSyncError, counted, hasEnded, type Operation, verifyResult } from '@backup-sync/contracts';
import type { Client } from '@backup-sync/core';
import { connect } from '../connect.ts';
import { exitCodes, type Failure, failureOf } from '../failure.ts';
import { printTable } from '../print-table.ts';
import { formatBytes, printable } from '../printable.ts';
import { liveLine } from '../progress.ts';
import { note, print, printJson, type Terminal } from '../terminal.ts';
import { describeWait } from '../waiting.ts';
import type { CommandContext } from './command-context.ts';

/** A backup whose verification was not accepted, and why. */
type Refusal = Pick<Failure, 'code' | 'message' | 'remedy'> & { readonly backup_id: string };

/**
 * Reads what is stored of the backups and waits for the outcome of each. Exits 3 when one is not as it must be, or cannot
 * be verified. What an interrupted command has started is cancelled; what it joined goes on.
 */
export async function verifyCommand(
  context: CommandContext,
  backupIds: readonly string[],
  level: 'content' | 'replay',
): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const { client } = connection;
  const { operations } = client;
  const followed: string[] = [];
  /** Of these, the ones that nobody had asked for before. */
  const started: string[] = [];
  const refused: Refusal[] = [];
  const ended: Operation[] = [];
  try {
    for (const backupId of new Set(backupIds)) {
      try {
        const { operation_id, joined } = await operations.verifyBackup({ backup_id: backupId, level }, { signal });
        followed.push(operation_id);
        if (!joined) started.push(operation_id);
        else note(terminal, `${printable(backupId)} is already being verified: following operation ${operation_id}`);
      } catch (error) {
        refused.push(refusalOf(backupId, error));
      }
    }
    for (const id of followed) ended.push(await follow(client, id, context));
  } catch (error) {
    // Nobody waits for them any more.
    if (signal.aborted) for (const id of started) await operations.cancelOperation({ operation_id: id });
    throw error;
  }
  if (terminal.json) printJson(terminal, { operations: ended, refused });
  else printOutcomes(terminal, ended, refused);
  return refused.length === 0 && ended.every(({ status }) => status === 'success')
    ? exitCodes.done
    : exitCodes.someItemsFailed;
}

/** What is the matter with one backup alone; throws what would refuse the others too. */
function refusalOf(backupId: string, error: unknown): Refusal {
  const failure = failureOf(error);
  if (!(error instanceof BackupSyncError) || failure.exitCode !== exitCodes.failure) throw error;
  const { code, message, remedy } = failure;
  return { backup_id: backupId, code, message, remedy };
}

async function follow(client: Client, id: string, { terminal, signal }: CommandContext): Promise<Operation> {
  const live = liveLine(terminal);
  try {
    for await (const operation of client.followOperation(id, { signal })) {
      if (hasEnded(operation.status)) return operation;
      live.show(`verifying ${operation.backup_id}: ${progressOf(operation)}`);
    }
  } finally {
    live.stop();
  }
  throw new BackupSyncError('aborted', `operation ${id} was not followed to its end`);
}

function printOutcomes(terminal: Terminal, ended: readonly Operation[], refused: readonly Refusal[]): void {
  if (ended.length > 0) printEnded(terminal, ended);
  for (const { backup_id, message, remedy } of refused) {
    const whatToDo = remedy === null ? '' : `\n  What to do: ${remedy}`;
    note(terminal, `${printable(backup_id)} was not verified: ${printable(message)}${whatToDo}`);
  }
}

function progressOf({ progress, status, waiting_for }: Operation): string {
  if (waiting_for !== null) return describeWait(waiting_for);
  const { replayed_bytes: replayed, volume_bytes: volume, objects, stored_bytes: stored } = progress;
  if (replayed !== undefined && volume !== undefined)
    return `replayed ${formatBytes(replayed)} of ${formatBytes(volume)}`;
  if (objects !== undefined && stored !== undefined)
    return `${counted(objects, 'object')}, ${formatBytes(stored)} read`;
  return status;
}

function printEnded(terminal: Terminal, ended: readonly Operation[]): void {
  const columns = [
    { heading: 'BACKUP', wraps: true, shrinksTo: 12 },
    { heading: 'LEVEL' },
    { heading: 'VOLUME', align: 'right' },
    { heading: 'SHA-256 OF THE VOLUME', wraps: true, shrinksTo: 32 },
    { heading: 'RESULT', wraps: true, shrinksTo: 12 },
  ] as const;
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
  printTable(terminal, columns, rows);
  for (const { backup_id, reason } of ended) {
    if (reason !== null) print(terminal, `\n${backup_id}: ${reason.message}\n  What to do: ${reason.remedy}`);
  }
}
