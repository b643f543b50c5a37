import {
  type CallInput,
  type CallOutput,
  grouped,
  hasEnded,
  hasProblem,
  isToSync,
  type Operation,
  type Reason,
  type ScanFinding,
} from '@backup-sync/contracts';
import type { ScanNews } from '@backup-sync/core';
import { connect } from '../connect.ts';
import { exitCodes, withNumber } from '../failure.ts';
import { type Worker, workInterrupted } from '../interruption.ts';
import { printable } from '../printable.ts';
import { remedyOnCommandLine } from '../reason-remedies.ts';
import { showScanProgress } from '../scan-progress.ts';
import { SyncTally } from '../sync-tally.ts';
import { jsonText, note, print, printJson, putOut, type Terminal } from '../terminal.ts';
import { describeWait } from '../waiting.ts';
import type { CommandContext } from './command-context.ts';

export type ScanOptions = {
  readonly pathTemplate?: string;
  readonly sync: boolean;
  readonly withAncestors: boolean;
};

/** `bucket/prefix` as its two parts; the prefix may be empty. */
export function parsePlace(place: string): { readonly bucket_name: string; readonly prefix: string } {
  const slash = place.indexOf('/');
  return slash === -1
    ? { bucket_name: place, prefix: '' }
    : { bucket_name: place.slice(0, slash), prefix: place.slice(slash + 1) };
}

/**
 * Finds backups and prints the items of a sync request, one per line; with `sync`, imports them instead. Exits 0 if all
 * were found and read, 3 if some failed or no backup was recognised among the objects. Ctrl-C: see
 * {@link workInterrupted}.
 */
export async function scanCommand(context: CommandContext, place: string, options: ScanOptions): Promise<number> {
  await using connection = await connect(context.connect, context.environment, context.onFault, 'make');
  const input: Omit<CallInput<'startScan'>, 'project_id'> = {
    ...parsePlace(place),
    sync: options.sync,
    with_ancestors: options.withAncestors,
    ...(options.pathTemplate !== undefined && { path_template: options.pathTemplate }),
  };
  const started = await connection.client.calls.startScan(input, { signal: context.signal });
  return await followScanCommand(context, connection, started, options.sync);
}

/** Follows a scan that was started or joined, and its imports, for `scan` and `sources scan`. */
export async function followScanCommand(
  context: CommandContext,
  worker: Worker,
  { operation_id: operationId, joined }: CallOutput<'startScan'>,
  sync: boolean,
): Promise<number> {
  const { terminal, signal } = context;
  const { client } = worker;
  if (joined) note(terminal, `the same scan is already waiting or running: following operation ${operationId}`);
  const tally = new SyncTally();
  const progress = showScanProgress(terminal, sync ? tally : null);
  const problems: ProblemCounts = new Map();
  const seen: { last?: ScanNews } = {};
  /** The imports, as the scan accepts them. */
  async function* accepted() {
    for await (const news of client.followScan(operationId, { signal })) {
      seen.last = news;
      if (news.findings.length > 0) await progress.aside(() => showFindings(terminal, news, sync));
      for (const finding of news.findings) {
        if (isProblem(finding)) countProblem(problems, finding.problem);
        if (finding.operation_log_id === null) continue;
        tally.accepted += 1;
        yield finding.operation_log_id;
      }
      progress.shows(news);
    }
  }
  try {
    for await (const log of client.waitFor(accepted(), { signal })) {
      tally.add(log);
      if (terminal.json) await putOut(terminal, `${jsonText(log)}\n`);
      progress.ended(log);
    }
  } catch (error) {
    progress.stop();
    if (!signal.aborted) throw error;
    const left = seen.last !== undefined && hasEnded(seen.last.operation.status) ? [] : [operationId];
    const operations = joined ? { started: [], joined: left } : { started: left, joined: [] };
    throw await workInterrupted(worker, { noun: 'scan', ...operations, tally: sync ? tally : null });
  }
  progress.stop();
  return conclude(terminal, seen.last, tally, problems, sync);
}

/** Prints findings at the pace of their reader. */
async function showFindings(terminal: Terminal, { findings }: ScanNews, sync: boolean): Promise<void> {
  const lines = findings.flatMap((finding): readonly unknown[] => {
    if (terminal.json) return [finding];
    return !sync && isToSync(finding.state) && finding.sync !== null ? [finding.sync] : [];
  });
  const text = lines.map((line) => `${jsonText(line)}\n`).join('');
  await putOut(terminal, text);
  if (terminal.json) return;
  for (const { state, bucket_name, image_path, problem } of findings.filter(isProblem)) {
    note(terminal, `${printable(`${bucket_name}/${image_path}`)}: ${state}, ${printable(problem.message)}`);
  }
}

/**
 * Whether to report the problem of a finding. Not if the backup is being imported: the problem may be that of its old
 * record, and the import reports a new one.
 */
function isProblem(finding: ScanFinding): finding is ScanFinding & { problem: Reason } {
  return hasProblem(finding) && finding.operation_log_id === null;
}

/** Number of findings per reason: a scan may have more findings than fit in memory. */
type ProblemCounts = Map<string, { readonly reason: Reason; count: number }>;

function countProblem(counts: ProblemCounts, reason: Reason): void {
  const counted = counts.get(reason.code) ?? { reason, count: 0 };
  counted.count += 1;
  counts.set(reason.code, counted);
}

function conclude(
  terminal: Terminal,
  last: ScanNews | undefined,
  tally: SyncTally,
  problems: ProblemCounts,
  sync: boolean,
): number {
  const ended = last?.operation ?? null;
  if (ended?.reason?.code === 'no_backup_recognised') {
    note(terminal, ended.message);
    note(terminal, describe(ended.reason));
    if (terminal.json) terminal.messages.write(`${jsonText({ operation: ended })}\n`);
    return exitCodes.someItemsFailed;
  }
  if (last === undefined || !endedByItself(last)) {
    const { operation: scan = null } = last ?? {};
    const why = scan?.reason ? `: ${withNumber(printable(scan.reason.message), scan.reason.number)}` : '';
    note(terminal, { style: 'red', text: 'scan not complete' }, why);
    if (scan?.reason) note(terminal, remedyOnCommandLine(scan.reason));
    if (terminal.json) terminal.messages.write(`${jsonText({ operation: scan })}\n`);
    return exitCodes.failure;
  }
  const { operation: scan } = last;
  note(terminal, scan.message);
  for (const { reason, count } of problems.values()) {
    note(terminal, `${count} ${reason.code} (${reason.number})\n  What to do: ${remedyOnCommandLine(reason)}`);
  }
  for (const text of [tally.failures(), tally.contradictions()]) if (text !== '') note(terminal, text);
  const { ended: imports, failed } = tally;
  if (imports > 0) note(terminal, `${grouped(imports - failed)} of ${grouped(imports)} imported`);
  if (scan.reason !== null && problems.size + failed === 0) {
    // Only records that were already in error: nothing above has named one.
    note(terminal, describe(scan.reason));
  }
  // A backup that is still being written is a problem for a scan, but not yet an error for a scan that imports.
  const isWell = sync ? scan.status === 'success' : problems.size === 0;
  return isWell ? exitCodes.done : exitCodes.someItemsFailed;
}

function describe(reason: Reason): string {
  const { message, number } = reason;
  return `${withNumber(printable(message), number)}\n  What to do: ${remedyOnCommandLine(reason)}`;
}

/** Whether a scan saw everything and its imports ended, without being stopped. Backups may be in error. */
function endedByItself({ complete, operation: { status, reason } }: ScanNews): boolean {
  return complete && status !== 'timeout' && reason?.code !== 'cancelled';
}

/** Cancels an operation. */
export async function cancelOperationCommand(context: CommandContext, operationId: string): Promise<number> {
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const answer = await connection.client.calls.cancelOperation(
    { operation_id: operationId },
    { signal: context.signal },
  );
  if (context.terminal.json) printJson(context.terminal, answer);
  else print(context.terminal, `${operationId}: ${describeStop(answer.operation)}`);
  return exitCodes.done;
}

function describeStop({ status, cancel_requested }: Operation): string {
  if (status === 'running' && cancel_requested) return 'stopping';
  return `ended as ${status}`;
}

/** The fields of a scan, plan, source run or verification, one row each. */
export function describeOperation(operation: Operation): string[][] {
  return [
    ['id', operation.id],
    ['kind', operation.kind],
    ['status', operation.cancel_requested && operation.ended_at === null ? 'stopping' : operation.status],
    ...(operation.phase === null ? [] : [['phase', operation.phase]]),
    ['bucket', operation.bucket_name],
    ['backup', operation.backup_id ?? '-'],
    ['accepted (UTC)', operation.created_at.slice(0, 19)],
    ['ended (UTC)', operation.ended_at?.slice(0, 19) ?? '-'],
    ...Object.entries(operation.progress).map(([name, count]) => [name.replaceAll('_', ' '), String(count)]),
    ['message', operation.message],
    ...(operation.waiting_for === null ? [] : [['waits for', describeWait(operation.waiting_for)]]),
    ...(operation.reason === null
      ? []
      : [
          ['reason', `${operation.reason.code} (${operation.reason.number}): ${operation.reason.message}`],
          ['what to do', operation.reason.remedy],
        ]),
  ];
}
