import type { CallOutput, User } from '@backup-sync/contracts';
import type { Calls } from '@backup-sync/core';
import { type CatalogueUse, connect, connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printTable } from '../print-table.ts';
import { note, printJson, type Terminal } from '../terminal.ts';
import { shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';
import { agrees } from './confirm.ts';
import { readSecret } from './read-secret.ts';

type Answer = CallOutput<'createUser'>;

/** Creates a user. The password comes from BACKUP_SYNC_NEW_PASSWORD, standard input or the terminal. */
export async function createUserCommand(context: CommandContext, name: string): Promise<number> {
  const password = await readNewPassword(context, name);
  return onUser(context, (calls) => calls.createUser({ name, password }, { signal: context.signal }), 'make');
}

export async function setPasswordCommand(context: CommandContext, name: string): Promise<number> {
  const password = await readNewPassword(context, name);
  const input = { user_name: name, password };
  return onUser(context, (calls) => calls.setUserPassword(input, { signal: context.signal }));
}

export async function disableUserCommand(context: CommandContext, name: string): Promise<number> {
  return onUser(context, (calls) => calls.disableUser({ user_name: name }, { signal: context.signal }));
}

export async function enableUserCommand(context: CommandContext, name: string): Promise<number> {
  return onUser(context, (calls) => calls.enableUser({ user_name: name }, { signal: context.signal }));
}

export async function removeUserCommand(context: CommandContext, name: string, yes: boolean): Promise<number> {
  const question = `Remove user ${JSON.stringify(name)} and all their roles, tokens and access keys?`;
  if (!(await agrees(context, yes, question))) return exitCodes.failure;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  await connection.client.calls.removeUser({ user_name: name }, { signal: context.signal });
  note(context.terminal, 'removed, with all roles, tokens and access keys');
  return exitCodes.done;
}

export async function listUsersCommand(context: CommandContext): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const answer = await connection.client.calls.listUsers({}, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else printUsers(context.terminal, answer.users);
  return exitCodes.done;
}

/** Makes a call that changes a user, and prints the user that it returns. */
export async function onUser(
  context: CommandContext,
  change: (calls: Calls) => Promise<Answer>,
  use: CatalogueUse = 'change',
): Promise<number> {
  await using connection = await connect(context.connect, context.environment, context.onFault, use);
  const answer = await change(connection.client.calls);
  if (context.terminal.json) printJson(context.terminal, answer);
  else printUsers(context.terminal, [answer.user]);
  return exitCodes.done;
}

function printUsers(terminal: Terminal, users: readonly User[]): void {
  const columns = [
    { heading: 'USER', wraps: true, shrinksTo: 12 },
    { heading: 'CREATED (UTC)' },
    { heading: 'STATE' },
    { heading: 'ROLES', wraps: true },
  ];
  const rows = users.map((user) => [
    user.name,
    shortTime(user.created_at),
    user.disabled_at === null ? 'enabled' : 'disabled',
    user.roles.map(({ project_name, role }) => `${role} in ${project_name}`).join(', ') || 'none',
  ]);
  printTable(terminal, columns, rows);
}

function readNewPassword(context: CommandContext, name: string): Promise<string> {
  return readSecret(context, {
    variable: 'BACKUP_SYNC_NEW_PASSWORD',
    given: context.environment.BACKUP_SYNC_NEW_PASSWORD,
    question: `New password of ${name}: `,
  });
}
