import {
  BackupSyncError,
  counted,
  type DataLevel,
  hasEnded,
  type Operation,
  verifyResult,
} from '@backup-sync/contracts';
import type { CallOptions, Client } from '@backup-sync/core';
import { connect } from '../connect.ts';
import { exitCodes, type Failure, failureOf, withNumber } from '../failure.ts';
import { workInterrupted } from '../interruption.ts';
import { printTable } from '../print-table.ts';
import { formatBytes, printable } from '../printable.ts';
import { liveLine } from '../progress.ts';
import { note, print, printJson, type Terminal } from '../terminal.ts';
import { describeWait } from '../waiting.ts';
import type { CommandContext } from './command-context.ts';
import { type BackupReference, findBackupId } from './find-backup.ts';

/** A backup whose verification was not accepted, and why. */
export type Refusal = Pick<Failure, 'code' | 'message' | 'remedy'> & { readonly backup_id: string };

/**
 * Verifies the backups by reading their objects, and waits for the results. Exits 3 if one fails its verification or
 * cannot be verified. Ctrl-C: see {@link workInterrupted}.
 */
export async function verifyCommand(
  context: CommandContext,
  references: readonly BackupReference[],
  level: DataLevel,
): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const { client } = connection;
  const { calls } = client;
  // Find all of them before any verification starts: an ambiguous name must start nothing.
  const backupIds = new Set<string>();
  const onPassedOver = (message: string) => note(terminal, message);
  for (const reference of references) {
    backupIds.add(await findBackupId(calls, reference, { signal, onPassedOver }));
  }
  const followed: string[] = [];
  /** Those of `followed` that this command started, rather than joined. */
  const started = new Set<string>();
  const refused: Refusal[] = [];
  const ended: Operation[] = [];
  try {
    for (const backupId of backupIds) {
      try {
        const { operation_id, joined } = await calls.verifyBackup({ backup_id: backupId, level }, { signal });
        followed.push(operation_id);
        if (!joined) started.add(operation_id);
        else note(terminal, `${printable(backupId)} is already being verified: following operation ${operation_id}`);
      } catch (error) {
        refused.push(refusalOf(backupId, error));
      }
    }
    const live = liveLine(terminal);
    for (const id of followed) {
      const show = (operation: Operation) => live.show(`verifying ${operation.backup_id}: ${progressOf(operation)}`);
      ended.push(await followVerification(client, id, { signal }, show).finally(() => live.stop()));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    if (!terminal.json) printOutcomes(terminal, ended, refused);
    const left = followed.slice(ended.length);
    throw await workInterrupted(connection, {
      noun: 'verification',
      started: left.filter((id) => started.has(id)),
      joined: left.filter((id) => !started.has(id)),
    });
  }
  if (terminal.json) printJson(terminal, { operations: ended, refused });
  else printOutcomes(terminal, ended, refused);
  return refused.length === 0 && ended.every(({ status }) => status === 'success')
    ? exitCodes.done
    : exitCodes.someItemsFailed;
}

/** Describes an error that concerns only this backup; rethrows one that would refuse the others too. */
export function refusalOf(backupId: string, error: unknown): Refusal {
  const failure = failureOf(error);
  if (!(error instanceof BackupSyncError) || failure.exitCode !== exitCodes.failure) throw error;
  const { code, message, remedy } = failure;
  return { backup_id: backupId, code, message, remedy };
}

/** Follows a verification to its end. Throws `aborted` when the signal is aborted; the verification continues. */
export async function followVerification(
  client: Client,
  id: string,
  options: CallOptions,
  onProgress: (operation: Operation) => void,
): Promise<Operation> {
  for await (const operation of client.followOperation(id, options)) {
    if (hasEnded(operation.status)) return operation;
    onProgress(operation);
  }
  throw new BackupSyncError('aborted', `operation ${id} was not followed to its end`);
}

function printOutcomes(terminal: Terminal, ended: readonly Operation[], refused: readonly Refusal[]): void {
  if (ended.length > 0) printEnded(terminal, ended);
  for (const { backup_id, code, message, remedy } of refused) {
    const whatToDo = remedy === null ? '' : `\n  What to do: ${remedy}`;
    note(terminal, `${printable(backup_id)} was not verified: ${withNumber(printable(message), code)}${whatToDo}`);
  }
}

export function progressOf({ progress, status, waiting_for }: Operation): string {
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
  for (const { backup_id, result } of ended) {
    for (const { disk, size, expanded_sha256: sha256 } of verifyResult.safeParse(result).data?.expanded ?? []) {
      const of = disk === null ? '' : `disk ${printable(disk)}: `;
      const what = `${formatBytes(size)}, SHA-256 ${sha256} (expanded, not compared: the format has no hash of it)`;
      print(terminal, `\n${backup_id}: ${of}${what}`);
    }
  }
  for (const { backup_id, reason } of ended) {
    if (reason !== null) print(terminal, `\n${backup_id}: ${reason.message}\n  What to do: ${reason.remedy}`);
  }
}
