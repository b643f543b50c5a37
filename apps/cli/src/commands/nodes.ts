import { counted, type Node } from '@backup-sync/contracts';
import { connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printTable } from '../print-table.ts';
import type { Column } from '../table.ts';
import { note, printJson } from '../terminal.ts';
import { shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';

/** Operations of a node that a row of the table shows. */
const shownMax = 3;

/** Lists the processes that share the catalogue, oldest first. */
export async function listNodesCommand(context: CommandContext): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const answer = await connection.client.calls.listNodes({}, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else {
    const columns: readonly Column[] = [
      { heading: 'NODE', wraps: true, shrinksTo: 16 },
      { heading: 'ROLE' },
      { heading: 'VERSION' },
      { heading: 'STARTED (UTC)' },
      { heading: 'SEEN (UTC)', drops: 1 },
      { heading: 'ID', drops: 2 },
      { heading: 'RUNNING', wraps: true, shrinksTo: 16 },
    ];
    const rows = answer.nodes.map((node) => [
      `${node.host_name}:${node.process_id}`,
      roleOf(node),
      node.version || '-',
      shortTime(node.started_at),
      shortTime(node.seen_at),
      node.id,
      workOf(node),
    ]);
    printTable(context.terminal, columns, rows);
    if (answer.nodes.length === 0) note(context.terminal, 'no server uses the catalogue');
  }
  return exitCodes.done;
}

function roleOf({ serves, works }: Node): string {
  return [...(serves ? ['calls'] : []), ...(works ? ['work'] : [])].join(', ') || '-';
}

/** The first operations of the node, and how many more there are. */
function workOf({ operations, operation_count }: Node): string {
  const shown = operations.slice(0, shownMax).map(({ kind, bucket_name }) => `${kind} in ${bucket_name}`);
  const more = operation_count - shown.length;
  return [...shown, ...(more > 0 ? [counted(more, 'more operation')] : [])].join(', ') || '-';
}
