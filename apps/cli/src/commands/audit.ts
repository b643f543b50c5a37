import type { OperationInput } from '@backup-sync/contracts';
import { connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { formatTable } from '../table.ts';
import { print, printJson } from '../terminal.ts';
import { shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';

/** Who did what, newest first. */
export async function listAuditCommand(
  context: CommandContext,
  filter: Omit<OperationInput<'listAuditEvents'>, 'project_id'>,
): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const answer = await connection.client.operations.listAuditEvents(filter, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else {
    const columns = ['AT (UTC)', 'WHO', 'WHAT', 'TO', 'FROM', 'OUTCOME'].map((heading) => ({ heading }));
    const rows = answer.audit_events.map((event) => [
      shortTime(event.at),
      event.actor.kind === 'system' ? `${event.actor.name} (operator)` : event.actor.name,
      event.operation,
      event.subjects.map(({ value }) => value).join(', ') || '-',
      event.address === null ? event.door : `${event.door} ${event.address}`,
      event.error === null ? event.outcome : `${event.outcome}: ${event.error}`,
    ]);
    print(context.terminal, formatTable(columns, rows));
  }
  return exitCodes.done;
}
