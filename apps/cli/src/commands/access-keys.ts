import { connect, connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printTable } from '../print-table.ts';
import { note, print, printJson } from '../terminal.ts';
import { shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';
import { agrees } from './confirm.ts';
import { projectIdOf } from './projects.ts';

/** Creates an access key and prints its secret, which is shown only once. */
export async function createAccessKeyCommand(context: CommandContext, user: string, project: string): Promise<number> {
  const { signal, terminal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const target_project_id = await projectIdOf(connection.client.calls, project, signal);
  const answer = await connection.client.calls.createAccessKey({ user_name: user, target_project_id }, { signal });
  if (terminal.json) printJson(terminal, answer);
  else {
    print(terminal, `access key: ${answer.access_key.access_key}`);
    print(terminal, `secret key: ${answer.secret_key}`);
    note(terminal, 'keep the secret key: it is shown only once');
  }
  return exitCodes.done;
}

export async function listAccessKeysCommand(context: CommandContext): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const answer = await connection.client.calls.listAccessKeys({}, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else {
    const columns = [
      { heading: 'ACCESS KEY' },
      { heading: 'USER', wraps: true, shrinksTo: 12 },
      { heading: 'STATE' },
      { heading: 'CREATED (UTC)' },
      { heading: 'PROJECT', drops: 1 },
    ];
    const rows = answer.access_keys.map((key) => [
      key.access_key,
      key.user_name,
      key.disabled_at === null ? 'enabled' : 'disabled',
      shortTime(key.created_at),
      key.project_id,
    ]);
    printTable(context.terminal, columns, rows);
  }
  return exitCodes.done;
}

export async function disableAccessKeyCommand(
  context: CommandContext,
  accessKey: string,
  yes: boolean,
): Promise<number> {
  if (!(await agrees(context, yes, `Disable access key ${accessKey} permanently?`))) return exitCodes.failure;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const input = { access_key: accessKey };
  const answer = await connection.client.calls.disableAccessKey(input, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else note(context.terminal, `disabled: ${answer.access_key.access_key}`);
  return exitCodes.done;
}
