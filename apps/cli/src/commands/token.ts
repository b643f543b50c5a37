import { parseEndpoint } from '@backup-sync/core';
import { connect } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { httpOptions } from '../http-options.ts';
import { note, printJson, printUnwrapped } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { tokenByPassword } from './token-by-password.ts';

/**
 * Prints only a token, for use in a script. With an endpoint, it is for a user, whose password comes from
 * BACKUP_SYNC_PASSWORD, the terminal or standard input. Locally, it is for the owner of the data directory.
 */
export async function tokenCommand(context: CommandContext, user: string): Promise<number> {
  const { terminal, environment } = context;
  const endpoint = context.connect.endpoint ?? environment.BACKUP_SYNC_ENDPOINT;
  let issued: { readonly token: string; readonly projectId: string };
  if (endpoint === undefined) {
    await using connection = await connect(context.connect, environment, context.onFault);
    issued = await connection.token();
  } else {
    // Checked before anyone types a password for it.
    parseEndpoint(endpoint, context.connect.endpoint === undefined ? 'BACKUP_SYNC_ENDPOINT' : '--endpoint');
    const project = context.connect.project ?? environment.BACKUP_SYNC_PROJECT;
    const http = await httpOptions(context.connect, environment);
    issued = await tokenByPassword(context, { endpoint, user, project }, http);
  }
  if (terminal.json) printJson(terminal, { token: issued.token, project_id: issued.projectId });
  else {
    note(terminal, `token for project ${issued.projectId}`);
    printUnwrapped(terminal, issued.token);
  }
  return exitCodes.done;
}
