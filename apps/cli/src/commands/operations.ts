import { type CallInput, counted, type Operation } from '@backup-sync/contracts';
import type { CbrOperationLog } from '@backup-sync/core';
import { connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printFields, printTable } from '../print-table.ts';
import { note, printJson } from '../terminal.ts';
import { describeWait } from '../waiting.ts';
import { shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';
import { findOperation } from './find-operation.ts';
import { describeOperation } from './scan.ts';

export type ListOperationsFilter = Omit<CallInput<'listOperations'>, 'project_id'>;

export async function listOperationsCommand(context: CommandContext, filter: ListOperationsFilter): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const page = await connection.client.calls.listOperations(filter, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, page);
  else {
    const rows = page.operations.map((operation) => [
      operation.backup_name ?? operation.backup_id ?? operation.bucket_name,
      operation.kind,
      operation.status,
      shortTime(operation.created_at),
      operation.id,
      resultOf(operation),
    ]);
    const columns = [
      { heading: 'BACKUP OR BUCKET', wraps: true, shrinksTo: 16 },
      { heading: 'KIND' },
      { heading: 'STATUS' },
      { heading: 'ACCEPTED (UTC)' },
      { heading: 'ID', drops: 1 },
      // The longest column comes last: in a pipe, nothing is aligned to it.
      { heading: 'RESULT', wraps: true, shrinksTo: 18 },
    ];
    printTable(context.terminal, columns, rows);
    note(context.terminal, `${page.operations.length} of ${counted(page.count, 'operation')}`);
  }
  return exitCodes.done;
}

/** Why the operation failed or waits, its result, or its progress. */
function resultOf({ reason, message, progress, ended_at, waiting_for }: Operation): string {
  if (reason !== null) return reason.code;
  if (waiting_for !== null) return `waits: ${waiting_for.reason.code}`;
  if (ended_at !== null) return message;
  const counts = Object.entries(progress).filter(([, count]) => count > 0);
  return counts.map(([name, count]) => `${name.replaceAll('_', ' ')} ${count}`).join(', ');
}

/** Shows an import or deletion as its operation log, any other operation with its progress. */
export async function showOperationCommand(context: CommandContext, idOrPrefix: string): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const operation = await findOperation(connection.client.calls, idOrPrefix, { signal });
  if (operation.kind !== 'import' && operation.kind !== 'delete') {
    if (terminal.json) printJson(terminal, { operation });
    else printFields(terminal, describeOperation(operation));
    return exitCodes.done;
  }
  const answer = await connection.client.calls.showOperationLog({ operation_log_id: operation.id }, { signal });
  if (terminal.json) printJson(terminal, { operation, ...answer });
  else printFields(terminal, describe(answer.operation_log));
  return exitCodes.done;
}

function describe(log: CbrOperationLog): string[][] {
  const { backup_sync: result, error_info: error, extra_info: extra } = log;
  return [
    ['id', log.id],
    ['type', log.operation_type],
    ['status', log.status],
    ['backup', extra?.backup?.backup_id ?? extra?.delete?.backup_id ?? '-'],
    ['resource', extra?.resource ? `${extra.resource.name} (${extra.resource.id})` : '-'],
    ['accepted (UTC)', shortTime(log.created_at)],
    ['ended (UTC)', log.ended_at === null ? '-' : shortTime(log.ended_at)],
    ...(result === null ? [['error', error?.message || '-']] : describeResult(result)),
  ];
}

function describeResult(result: NonNullable<CbrOperationLog['backup_sync']>): string[][] {
  return [
    ['outcome', result.outcome === null ? '-' : `${result.outcome}: ${result.message}`],
    ['level', result.level ?? '-'],
    ...(result.time_contradiction === null ? [] : [['times contradict', result.time_contradiction]]),
    ...(result.requests === null
      ? []
      : [
          [
            'requests',
            `${result.requests.lists} LIST, ${result.requests.gets} GET, ${result.requests.bytes_read} B read`,
          ],
        ]),
    ...(result.waiting_for === null ? [] : [['waits for', describeWait(result.waiting_for)]]),
    ...(result.reason === null
      ? []
      : [
          ['reason', `${result.reason.code} (${result.reason.number}): ${result.reason.message}`],
          ['what to do', result.reason.remedy],
        ]),
  ];
}
