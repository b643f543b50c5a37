import type { OperationEvent } from '@backup-sync/contracts';
import { type CatalogueConnection, connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printable } from '../printable.ts';
import { jsonText, note, print, putOut, type Terminal } from '../terminal.ts';
import { describeWait } from '../waiting.ts';
import type { CommandContext } from './command-context.ts';
import { findOperation } from './find-operation.ts';

/**
 * Shows events of operations until it is interrupted. With an id, shows one operation until it ends, and exits 0 if it
 * succeeded, 3 if not.
 */
export async function watchOperationsCommand(context: CommandContext, operationId: string | null): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const { client } = connection;
  try {
    if (operationId !== null) return await watchOne(context, client, operationId);
    note(terminal, 'watching operations; press Ctrl-C to stop');
    for await (const event of client.watchOperations({ signal })) await show(terminal, event);
    return exitCodes.done;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  }
}

async function watchOne(
  { terminal, signal }: CommandContext,
  client: CatalogueConnection['client'],
  idOrPrefix: string,
): Promise<number> {
  const { id } = await findOperation(client.calls, idOrPrefix, { signal });
  let shown: string | null = null;
  for await (const operation of client.followOperation(id, { signal })) {
    if (operation.status !== shown) await show(terminal, { operation });
    shown = operation.status;
  }
  return shown === 'success' ? exitCodes.done : exitCodes.someItemsFailed;
}

const styles = { success: 'green', failed: 'red', timeout: 'red', running: 'yellow' } as const;

/** `10:38:34  import  success  71389e6e-…: recorded, proved to linkage`. */
async function show(terminal: Terminal, event: OperationEvent): Promise<void> {
  const { operation } = event;
  if (terminal.json) return putOut(terminal, `${jsonText(event)}\n`);
  const {
    kind,
    status,
    backup_id: backupId,
    bucket_name: bucket,
    updated_at: updatedAt,
    reason,
    message,
    waiting_for,
  } = operation;
  const style = styles[status as keyof typeof styles];
  const word = status.padEnd(7);
  const waits = waiting_for === null ? message : `waits for ${describeWait(waiting_for)}`;
  const said = reason === null ? waits : `${reason.code}: ${reason.message}`;
  const what = printable(`${backupId ?? bucket}${said === '' ? '' : `: ${said}`}`);
  const shown = style === undefined ? word : { style, text: word };
  print(terminal, `${updatedAt.slice(11, 19)}  ${kind.padEnd(6)}  `, shown, `  ${what}`);
}
