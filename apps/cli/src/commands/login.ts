import { BackupSyncError, counted } from '@backup-sync/contracts';
import { type HttpOptions, parseEndpoint, projectsOfKey } from '@backup-sync/core';
import { Secret } from '../environment.ts';
import { exitCodes, RefusedLoginError, UsageError } from '../failure.ts';
import { httpOptions } from '../http-options.ts';
import { type Profile, profilePath, saveProfile } from '../profiles.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { readSecret } from './read-secret.ts';
import { tokenByPassword } from './token-by-password.ts';

export type LoginOptions = {
  readonly endpoint: string;
  readonly user?: string;
  readonly accessKey?: string;
  readonly project?: string;
  readonly profile: string;
};

/**
 * Saves the address of a server with a token, after asking for the user's password, or with an access key and its
 * secret. Does not save the password, nor any credentials that the server refuses.
 */
export async function loginCommand(context: CommandContext, options: LoginOptions): Promise<number> {
  const { terminal, environment } = context;
  const { endpoint, user = 'admin', profile: name } = options;
  const path = profilePath(environment);
  // Checked before anyone types a password for it.
  parseEndpoint(endpoint, '--endpoint');
  const accessKey = options.accessKey ?? (options.user === undefined ? environment.BACKUP_SYNC_ACCESS_KEY : undefined);
  const http = await httpOptions(context.connect, environment);
  const profile =
    accessKey === undefined
      ? await byPassword(context, options, user, http)
      : await byAccessKey(context, options, accessKey, http);
  await saveProfile(path, name, profile);
  const { projectId } = profile;
  if (terminal.json) {
    const holder = accessKey === undefined ? { user } : { access_key: accessKey };
    printJson(terminal, { profile: name, endpoint, project_id: projectId, ...holder, file: path });
  } else {
    const who = accessKey === undefined ? user : `access key ${accessKey}`;
    print(terminal, `logged in to ${endpoint} as ${who}, project ${projectId}`);
    print(terminal, `saved as profile ${JSON.stringify(name)} in ${path}`);
  }
  return exitCodes.done;
}

async function byPassword(
  context: CommandContext,
  { endpoint, project }: LoginOptions,
  user: string,
  http: HttpOptions,
): Promise<Profile> {
  const { token, projectId } = await tokenByPassword(context, { endpoint, user, project }, http);
  return { endpoint, projectId, credentials: { kind: 'token', token: new Secret(token) } };
}

async function byAccessKey(
  context: CommandContext,
  { endpoint, project }: LoginOptions,
  accessKey: string,
  http: HttpOptions,
): Promise<Profile> {
  const { BACKUP_SYNC_ACCESS_KEY: other, BACKUP_SYNC_SECRET_ACCESS_KEY: given } = context.environment;
  if (given !== undefined && other !== undefined && other !== accessKey) {
    throw new UsageError(
      'BACKUP_SYNC_SECRET_ACCESS_KEY is the secret of the key in BACKUP_SYNC_ACCESS_KEY, but --access-key names ' +
        'another: leave --access-key out, or unset the two variables',
    );
  }
  const variable = 'BACKUP_SYNC_SECRET_ACCESS_KEY';
  const secretKey = await readSecret(context, { variable, given, question: `Secret key of ${accessKey}: ` });
  const projects = await projectsOfKey(endpoint, { accessKey, secretKey }, { ...http, signal: context.signal }).catch(
    (error: unknown) => {
      if (!(error instanceof BackupSyncError) || error.code !== 'not_authenticated') throw error;
      throw new RefusedLoginError(
        error,
        'Check the id of the access key, its secret key, and the clock of this machine.',
      );
    },
  );
  const ids = projects.map(({ id }) => id);
  const projectId = project ?? ids[0];
  if (projectId === undefined || (project === undefined && ids.length > 1)) {
    throw new UsageError(`access key ${accessKey} is for ${counted(ids.length, 'project')}: name one with --project`);
  }
  if (!ids.includes(projectId)) {
    throw new BackupSyncError('project_not_allowed', `access key ${accessKey} is not for project ${projectId}`);
  }
  return { endpoint, projectId, credentials: { kind: 'access key', accessKey, secretKey: new Secret(secretKey) } };
}
