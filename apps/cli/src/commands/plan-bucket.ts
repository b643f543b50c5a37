import {
  BackupSyncError,
  type BucketPlanItem,
  bucketPlanResult,
  counted,
  describeReason,
  type Operation,
} from '@backup-sync/contracts';
import type { Calls } from '@backup-sync/core';
import { connect } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { type Worker, workInterrupted } from '../interruption.ts';
import { forecastLine, printPlanRows } from '../plan-table.ts';
import { liveLine } from '../progress.ts';
import { remedyOnCommandLine } from '../reason-remedies.ts';
import { jsonText, print, printFailure } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { parsePlace } from './scan.ts';

/**
 * Shows what `scan --sync` would do in a bucket. Exits 0 if every backup would succeed, 3 if some would fail or no
 * backup was recognised, 1 if the listing was not complete. Ctrl-C cancels the plan.
 */
export async function planBucketCommand(
  context: CommandContext,
  place: string,
  pathTemplate: string | undefined,
): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault, 'plan');
  const { client } = connection;
  const { calls } = client;
  const template = pathTemplate === undefined ? {} : { path_template: pathTemplate };
  const { operation_id: id } = await calls.startPlan({ ...parsePlace(place), ...template }, { signal });
  const operation = await follow(context, connection, id);
  const result = bucketPlanResult.safeParse(operation.result).data;
  const isUnrecognised = operation.reason?.code === 'no_backup_recognised';
  if ((operation.status !== 'success' && !isUnrecognised) || result === undefined) {
    const reason = operation.reason ?? describeReason('internal', `operation ${id}`);
    const message = `the plan is not complete: ${reason.message}`;
    const remedy = remedyOnCommandLine(reason);
    printFailure(terminal, { exitCode: 1, code: reason.number, message, remedy, problems: [] });
    return exitCodes.failure;
  }
  const failing = terminal.json
    ? await printItemsAsJson(context, calls, operation, result.forecast)
    : await printTables(context, calls, id);
  if (!terminal.json) print(terminal, forecastLine(result.classes, result.forecast));
  if (isUnrecognised && operation.reason !== null) {
    const { message, number } = operation.reason;
    const remedy = remedyOnCommandLine(operation.reason);
    const exitCode = exitCodes.someItemsFailed;
    printFailure(terminal, { exitCode, code: number, message, remedy, problems: [] });
    return exitCode;
  }
  return failing ? exitCodes.someItemsFailed : exitCodes.done;
}

async function follow({ terminal, signal }: CommandContext, worker: Worker, id: string): Promise<Operation> {
  const live = liveLine(terminal);
  try {
    for await (const operation of worker.client.followOperation(id, { signal })) {
      const { objects_listed: objects = 0, backups_planned: backups = 0 } = operation.progress;
      live.show(`planning: ${counted(objects, 'object')} listed, ${counted(backups, 'backup')} planned`);
      if (operation.ended_at !== null) return operation;
    }
  } catch (error) {
    throw signal.aborted ? await workInterrupted(worker, { noun: 'plan', started: [id], joined: [] }) : error;
  } finally {
    live.stop();
  }
  throw new BackupSyncError('aborted', 'the plan was not followed to its end');
}

async function* itemPages(calls: Calls, id: string, signal: AbortSignal): AsyncGenerator<readonly BucketPlanItem[]> {
  let after = 0;
  while (true) {
    const { plan, next } = await calls.listPlanItems({ operation_id: id, after }, { signal });
    if (plan.length === 0) return;
    yield plan;
    after = next;
  }
}

/** Prints a table per page: a bucket may have more backups than fit in memory. Returns whether some would fail. */
async function printTables({ terminal, signal }: CommandContext, calls: Calls, id: string): Promise<boolean> {
  let failing = false;
  for await (const page of itemPages(calls, id, signal)) {
    failing ||= page.some(({ reason }) => reason !== null);
    const named = page.map((item) => ({ ...item, name: item.backup_name ?? item.backup_id ?? item.image_path }));
    printPlanRows(terminal, named);
  }
  return failing;
}

/** Writes the plan page by page, in the form of a list's plan. Returns whether some would fail. */
async function printItemsAsJson(
  { terminal, signal }: CommandContext,
  calls: Calls,
  { id, requests }: Operation,
  forecast: object,
): Promise<boolean> {
  let failing = false;
  let separator = '\n';
  terminal.output.write('{\n  "plan": [');
  for await (const page of itemPages(calls, id, signal)) {
    failing ||= page.some(({ reason }) => reason !== null);
    for (const item of page) {
      terminal.output.write(`${separator}    ${jsonText(item)}`);
      separator = ',\n';
    }
  }
  const rest = { forecast, requests, operation_id: id };
  terminal.output.write(`\n  ],\n${jsonText(rest, 2).slice(2)}\n`);
  return failing;
}
