import { BackupSyncError } from '@backup-sync/contracts';
import { type ClientToken, type HttpOptions, issueToken } from '@backup-sync/core';
import { RefusedLoginError } from '../failure.ts';
import type { CommandContext } from './command-context.ts';
import { readSecret } from './read-secret.ts';

type Login = {
  readonly endpoint: string;
  readonly user: string;
  /** Id of the project; undefined for the first project of the server. */
  readonly project: string | undefined;
};

/**
 * Fetches a token for a user, whose password comes from BACKUP_SYNC_PASSWORD, the terminal or standard input. Throws
 * {@link RefusedLoginError} if the server refuses the user, the password or the project.
 */
export async function tokenByPassword(
  context: CommandContext,
  { endpoint, user, project }: Login,
  http: HttpOptions,
): Promise<ClientToken> {
  const password = await readSecret(context, {
    variable: 'BACKUP_SYNC_PASSWORD',
    given: context.environment.BACKUP_SYNC_PASSWORD,
    question: `Password of ${user}: `,
  });
  const credentials = { user, password, ...(project !== undefined && { project: { id: project } }) };
  try {
    return await issueToken(endpoint, credentials, { ...http, signal: context.signal });
  } catch (error) {
    if (!(error instanceof BackupSyncError) || error.code !== 'not_authenticated') throw error;
    // The server never says which of them is wrong, so that nobody can guess names.
    throw new RefusedLoginError(
      error,
      project === undefined
        ? 'Check the user name and the password. The user may have a role in another project only: name its id with ' +
            '--project.'
        : `Check the user name, the password, and that the user has a role in the project ${JSON.stringify(project)}.`,
    );
  }
}
