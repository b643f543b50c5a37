import { type BackupSync, counted, grouped, type PlanSyncAnswer } from '@backup-sync/contracts';
import { connect } from '../connect.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { checkedItems, checkItems } from '../items/check-items.ts';
import type { ItemFormat } from '../items/detect-format.ts';
import { type ItemSource, openItemSource } from '../items/item-source.ts';
import { printPlan } from '../plan-table.ts';
import { note, print, printJson, type Terminal } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { confirm, refuseUnlessAskable } from './confirm.ts';
import { followSync } from './follow-sync.ts';
import { jsonResults, ndjsonResults, tableResults } from './sync-results.ts';

export type SyncCommandOptions = {
  readonly format?: ItemFormat;
  readonly dryRun: boolean;
  readonly planFirst: boolean;
  /** Continues after the plan without asking. */
  readonly yes: boolean;
  readonly withAncestors: boolean;
  readonly ndjson: boolean;
};

/**
 * Imports a list of backups. Exits 0 if every item succeeded, 3 if some failed, 1 if the operator did not agree to the
 * plan. A file is checked completely before anything is sent. A pipe can be read only once: its items are sent as they
 * arrive.
 */
export async function syncCommand(context: CommandContext, file: string, options: SyncCommandOptions): Promise<number> {
  const { terminal, signal } = context;
  const { planFirst, yes } = options;
  if (yes && !planFirst) throw new UsageError('--yes answers the question of --plan-first: give both, or neither');
  if (planFirst && !yes) refuseUnlessAskable(context, file);
  if (options.dryRun && planFirst) throw new UsageError('--dry-run sends nothing, not even for a plan: leave one out');
  const source = await openItemSource(file, context.input, options.format, signal);
  if (options.dryRun) return await dryRun(terminal, source);
  const checked = source.isFile ? await checkItems(source) : null;
  await using connection = await connect(context.connect, context.environment, context.onFault, 'make');
  const { client } = connection;
  let items: AsyncIterable<BackupSync> | BackupSync[] = checkedItems(source);
  let total = checked?.count ?? null;
  let plan: PlanSyncAnswer | null = null;
  if (planFirst) {
    const planned = await Array.fromAsync(items);
    plan = await client.planBackups(planned, { signal });
    if (!terminal.json) printPlan(terminal, planned, plan);
    if (!yes && !(await confirm(context, `\nSync ${counted(planned.length, 'backup')}?`))) {
      note(terminal, 'nothing was synced');
      return exitCodes.failure;
    }
    items = planned;
    total = planned.length;
  }
  const tally = await followSync(context, connection, items, {
    total,
    withAncestors: options.withAncestors,
    openResults(counts, placeOf) {
      if (options.ndjson) return ndjsonResults(terminal);
      return terminal.json ? jsonResults(terminal, plan) : tableResults(context, client, counts, placeOf);
    },
  });
  return tally.failed === 0 ? exitCodes.done : exitCodes.someItemsFailed;
}

/** Checks the items and prints what would be sent. Needs no server. */
async function dryRun(terminal: Terminal, source: ItemSource): Promise<number> {
  const { count, buckets } = await checkItems(source);
  if (terminal.json) printJson(terminal, { items: count, buckets: Object.fromEntries(buckets) });
  else {
    print(terminal, `${source.name}: ${counted(count, 'item is', 'items are')} valid; nothing was sent`);
    for (const [bucket, items] of buckets) print(terminal, `  ${grouped(items)} in bucket ${bucket}`);
  }
  return exitCodes.done;
}
