import type { CallOutput } from '@backup-sync/contracts';
import { connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printFields } from '../print-table.ts';
import { resolveTarget, shownDatabase, type Target } from '../target.ts';
import { printJson } from '../terminal.ts';
import { shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';

/** Shows where commands work, and as whom. Throws if the server does not accept the credentials. */
export async function whoamiCommand(context: CommandContext): Promise<number> {
  const { terminal, environment, signal } = context;
  const target = await resolveTarget(context.connect, environment);
  await using connection = await connectToCatalogue(context.connect, environment);
  const { caller } = await connection.client.calls.showCaller({}, { signal });
  if (terminal.json) printJson(terminal, { ...placeOf(target), caller });
  else printFields(terminal, describe(target, caller));
  return exitCodes.done;
}

function placeOf(target: Target) {
  if (target.kind === 'local') return { data_directory: target.dataDirectory, credentials: 'operator' };
  if (target.kind === 'database') return { database: shownDatabase(target), credentials: 'operator' };
  const { endpoint, credentials } = target;
  if (credentials.kind === 'token') return { endpoint, credentials: 'token' };
  return { endpoint, credentials: 'access_key', access_key: credentials.accessKey };
}

function describe(target: Target, caller: CallOutput<'showCaller'>['caller']): string[][] {
  const { name, kind, role, project_id, project_name, expires_at } = caller;
  const ends = expires_at === null ? [] : [['expires (UTC)', shortTime(expires_at)]];
  const project = project_name === null ? project_id : `${project_name} (${project_id})`;
  const who = [
    ['project', project],
    [
      'user',
      kind === 'system' ? `${name} (owner of the ${target.kind === 'database' ? 'database' : 'data directory'})` : name,
    ],
    ['role', role],
  ];
  if (target.kind === 'local') {
    return [['data directory', `${target.dataDirectory} (${target.from.dataDirectory})`], ...who];
  }
  if (target.kind === 'database') return [['database', `${shownDatabase(target)} (${target.from.database})`], ...who];
  const { credentials, from } = target;
  const way = credentials.kind === 'token' ? 'token' : `access key ${credentials.accessKey}`;
  return [
    ['server', `${target.endpoint} (${from.endpoint})`],
    ...who,
    ['credentials', `${way} (${from.credentials})`],
    ...ends,
  ];
}
