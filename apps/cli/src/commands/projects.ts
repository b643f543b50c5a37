import { BackupSyncError, type BucketGrant, type Project, type Role } from '@backup-sync/contracts';
import type { Calls } from '@backup-sync/core';
import { connect, connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printTable } from '../print-table.ts';
import { note, printJson, type Terminal } from '../terminal.ts';
import { shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';
import { agrees } from './confirm.ts';
import { parsePlace } from './scan.ts';
import { onUser } from './users.ts';

export async function createProjectCommand(context: CommandContext, name: string): Promise<number> {
  await using connection = await connect(context.connect, context.environment, context.onFault, 'make');
  const answer = await connection.client.calls.createProject({ name }, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else {
    printProjects(context.terminal, [answer.project]);
    noteExplicit(context.terminal, answer.made_explicit);
  }
  return exitCodes.done;
}

export async function listProjectsCommand(context: CommandContext): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const answer = await connection.client.calls.listProjects({}, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else printProjects(context.terminal, answer.projects);
  return exitCodes.done;
}

/** Lists the users who have a role in the project, or in any if it is null. */
export async function listRolesCommand(context: CommandContext, project: string | null): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const { calls } = connection.client;
  const { users } = await calls.listUsers({}, { signal });
  const wanted = project === null ? null : await projectIdOf(calls, project, signal);
  const roles = users
    .flatMap((user) =>
      user.roles.map((held) => ({ ...held, user_name: user.name, disabled: user.disabled_at !== null })),
    )
    .filter(({ project_id }) => wanted === null || project_id === wanted);
  if (terminal.json) printJson(terminal, { roles });
  else {
    const columns = ['PROJECT', 'USER', 'ROLE', 'STATE'].map((heading) => ({ heading }));
    const rows = roles
      .toSorted((one, other) => one.project_name.localeCompare(other.project_name))
      .map((held) => [held.project_name, held.user_name, held.role, held.disabled ? 'disabled' : 'enabled']);
    printTable(terminal, columns, rows);
  }
  return exitCodes.done;
}

export async function grantRoleCommand(
  context: CommandContext,
  user_name: string,
  role: Role,
  project: string,
): Promise<number> {
  const { signal } = context;
  return onUser(context, async (calls) => {
    const target_project_id = await projectIdOf(calls, project, signal);
    return calls.grantRole({ user_name, target_project_id, role }, { signal });
  });
}

export async function revokeRoleCommand(
  context: CommandContext,
  user_name: string,
  project: string,
  yes: boolean,
): Promise<number> {
  const { signal, terminal } = context;
  const question = `Revoke the role of user ${JSON.stringify(user_name)} in project ${project}? Tokens for it end.`;
  if (!(await agrees(context, yes, question))) return exitCodes.failure;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const target_project_id = await projectIdOf(connection.client.calls, project, signal);
  await connection.client.calls.revokeRole({ user_name, target_project_id }, { signal });
  note(terminal, 'revoked; tokens for it have ended');
  return exitCodes.done;
}

export async function grantBucketCommand(context: CommandContext, place: string, project: string): Promise<number> {
  const { signal, terminal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const target_project_id = await projectIdOf(connection.client.calls, project, signal);
  const answer = await connection.client.calls.grantBucket({ target_project_id, ...parsePlace(place) }, { signal });
  if (terminal.json) printJson(terminal, answer);
  else {
    printGrants(terminal, [answer.grant]);
    noteExplicit(terminal, answer.made_explicit);
  }
  return exitCodes.done;
}

export async function revokeBucketCommand(
  context: CommandContext,
  place: string,
  project: string,
  yes: boolean,
): Promise<number> {
  const { signal, terminal } = context;
  const question = `Stop project ${project} from using bucket ${place}? Its records stay.`;
  if (!(await agrees(context, yes, question))) return exitCodes.failure;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const target_project_id = await projectIdOf(connection.client.calls, project, signal);
  await connection.client.calls.revokeBucket({ target_project_id, ...parsePlace(place) }, { signal });
  note(terminal, 'revoked; its records stay');
  return exitCodes.done;
}

export async function listBucketGrantsCommand(context: CommandContext): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const answer = await connection.client.calls.listBucketGrants({}, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else printGrants(context.terminal, answer.grants);
  return exitCodes.done;
}

/** Finds the id of a project by its id or name. With Keystone, projects have only ids. */
export async function projectIdOf(
  calls: Pick<Calls, 'listProjects'>,
  nameOrId: string,
  signal: AbortSignal,
): Promise<string> {
  let projects: readonly Project[];
  try {
    ({ projects } = await calls.listProjects({}, { signal }));
  } catch (error) {
    if (error instanceof BackupSyncError && error.code === 'identity_elsewhere') return nameOrId;
    throw error;
  }
  const found = projects.find(({ id }) => id === nameOrId) ?? projects.find(({ name }) => name === nameOrId);
  if (found !== undefined) return found.id;
  throw new BackupSyncError('project_not_found', `there is no project ${JSON.stringify(nameOrId)}`);
}

function noteExplicit(terminal: Terminal, grants: readonly BucketGrant[]): void {
  if (grants.length === 0) return;
  const buckets = grants.map(({ bucket_name }) => bucket_name).join(', ');
  note(terminal, `The first project may no longer use every bucket. It was granted those that it uses: ${buckets}`);
}

function printProjects(terminal: Terminal, projects: readonly Project[]): void {
  const columns = [{ heading: 'PROJECT', wraps: true, shrinksTo: 12 }, { heading: 'CREATED (UTC)' }, { heading: 'ID' }];
  const rows = projects.map(({ name, id, created_at }) => [name, shortTime(created_at), id]);
  printTable(terminal, columns, rows);
}

function printGrants(terminal: Terminal, grants: readonly BucketGrant[]): void {
  const columns = [
    { heading: 'BUCKET', wraps: true, shrinksTo: 16 },
    { heading: 'FOLDER', wraps: true, shrinksTo: 12 },
    { heading: 'PROJECT' },
  ];
  const rows = grants.map(({ project_id, bucket_name, prefix }) => [bucket_name, prefix || '-', project_id]);
  printTable(terminal, columns, rows);
}
