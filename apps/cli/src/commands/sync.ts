import type { BackupSyncInput, PlanSyncAnswer } from '@backup-sync/contracts';
import type { Client } from '@backup-sync/core';
import { connect } from '../connect.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { planText } from '../plan-table.ts';
import { failureSummary, resultsTable } from '../results.ts';
import { note, print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { confirm, refuseUnlessAskable } from './confirm.ts';
import { readSyncItems } from './read-sync-items.ts';
import { recordsOf, runSync } from './run-sync.ts';

export type SyncCommandOptions = {
  readonly planFirst: boolean;
  /** Goes on after the plan unasked. */
  readonly yes: boolean;
  readonly withAncestors: boolean;
};

/** Exits 0 when every item ended well, 3 when some failed, 1 when the operator did not say yes to the plan. */
export async function syncCommand(context: CommandContext, file: string, options: SyncCommandOptions): Promise<number> {
  const { terminal, signal } = context;
  const { planFirst, yes, withAncestors } = options;
  if (yes && !planFirst) throw new UsageError('--yes answers the question of --plan-first: give both');
  if (planFirst && !yes) refuseUnlessAskable(context, file);
  const items = await readSyncItems(file, context.input);
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const { client } = connection;
  const plan = planFirst ? await showPlan(context, client, items) : null;
  if (planFirst && !yes && !(await confirm(context, `Sync ${items.length}?`))) {
    note(terminal, 'nothing was synced');
    return exitCodes.failure;
  }
  const logs = await runSync(client, items, terminal, { signal, withAncestors });
  if (terminal.json) printJson(terminal, { ...(plan !== null && { plan }), operation_logs: logs });
  else {
    print(terminal, resultsTable(logs, await recordsOf(client, logs, signal)));
    const failures = failureSummary(logs);
    if (failures !== '') print(terminal, `\n${failures}`);
  }
  return logs.every((log) => log.status === 'success') ? exitCodes.done : exitCodes.someItemsFailed;
}

async function showPlan(
  { terminal, signal }: CommandContext,
  client: Client,
  items: readonly BackupSyncInput[],
): Promise<PlanSyncAnswer> {
  const plan = await client.planBackups(items, { signal });
  if (!terminal.json) print(terminal, `${planText(items, plan)}\n`);
  return plan;
}
