import { issueToken } from '@backup-sync/core';
import { Secret } from '../environment.ts';
import { exitCodes } from '../failure.ts';
import { profilePath, saveProfile } from '../profiles.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { readPassword } from './read-password.ts';

export type LoginOptions = {
  readonly endpoint: string;
  readonly user: string;
  readonly project?: string;
  readonly profile: string;
};

/** Fetches a token and keeps it with the address of its server. The password is not kept. */
export async function loginCommand(context: CommandContext, options: LoginOptions): Promise<number> {
  const { terminal, environment, signal } = context;
  const { endpoint, user, project, profile } = options;
  const path = profilePath(environment);
  const password = await readPassword(context, {
    variable: 'BACKUP_SYNC_PASSWORD',
    given: environment.BACKUP_SYNC_PASSWORD,
    question: `Password of ${user}: `,
  });
  const credentials = { user, password, ...(project !== undefined && { project: { id: project } }) };
  const { token, projectId } = await issueToken(endpoint, credentials, { signal });
  await saveProfile(path, profile, { endpoint, projectId, user, token: new Secret(token) });
  if (terminal.json) printJson(terminal, { profile, endpoint, project_id: projectId, user, file: path });
  else {
    print(terminal, `logged in at ${endpoint} as ${user}, project ${projectId}`);
    print(terminal, `kept as profile ${JSON.stringify(profile)} in ${path}`);
  }
  return exitCodes.done;
}
