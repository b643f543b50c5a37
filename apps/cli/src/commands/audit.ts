import type { CallInput } from '@backup-sync/contracts';
import { connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printTable } from '../print-table.ts';
import type { Column } from '../table.ts';
import { printJson } from '../terminal.ts';
import { shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';

/** Lists who did what, newest first. */
export async function listAuditCommand(
  context: CommandContext,
  filter: Omit<CallInput<'listAuditEvents'>, 'project_id'>,
): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const answer = await connection.client.calls.listAuditEvents(filter, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else {
    const columns: readonly Column[] = [
      { heading: 'AT (UTC)' },
      { heading: 'WHO', wraps: true, shrinksTo: 10 },
      { heading: 'WHAT', wraps: true, shrinksTo: 12 },
      { heading: 'OUTCOME', wraps: true, shrinksTo: 'word' },
      { heading: 'FROM', wraps: true, shrinksTo: 9, drops: 1 },
      // A sync can have any number of backups: the table shows as many as fit.
      { heading: 'TO', shrinksTo: 8 },
    ];
    const rows = answer.audit_events.map((event) => [
      shortTime(event.at),
      event.actor.kind === 'system' ? `${event.actor.name} (owner)` : event.actor.name,
      event.operation,
      event.error === null ? event.outcome : `${event.outcome}: ${event.error}`,
      event.address === null ? event.door : `${event.door} ${event.address}`,
      event.subjects.map(({ value }) => value).join(', ') || '-',
    ]);
    printTable(context.terminal, columns, rows);
  }
  return exitCodes.done;
}
