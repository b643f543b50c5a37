import { connect } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { planText } from '../plan-table.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { readSyncItems } from './read-sync-items.ts';

/** Exits 0 when every item would end well, 3 when some would fail. */
export async function planCommand(context: CommandContext, file: string): Promise<number> {
  const { terminal, signal } = context;
  const items = await readSyncItems(file, context.input);
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const answer = await connection.client.planBackups(items, { signal });
  if (terminal.json) printJson(terminal, answer);
  else print(terminal, planText(items, answer));
  return answer.plan.every(({ reason }) => reason === null) ? exitCodes.done : exitCodes.someItemsFailed;
}
