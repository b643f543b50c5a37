import { connect } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { failureSummary, resultsTable } from '../results.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { readSyncItems } from './read-sync-items.ts';
import { recordsOf, runSync } from './run-sync.ts';

/** Exits 0 when every item ended well, 3 when some failed. */
export async function syncCommand(context: CommandContext, file: string): Promise<number> {
  const { terminal, signal } = context;
  const items = await readSyncItems(file, context.input);
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const { operations } = connection;
  const logs = await runSync(operations, items, terminal, signal);
  if (terminal.json) printJson(terminal, { operation_logs: logs });
  else {
    print(terminal, resultsTable(logs, await recordsOf(operations, logs, signal)));
    const failures = failureSummary(logs);
    if (failures !== '') print(terminal, `\n${failures}`);
  }
  return logs.every((log) => log.status === 'success') ? exitCodes.done : exitCodes.someItemsFailed;
}
