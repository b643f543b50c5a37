import { BackupSyncError, errors } from '@backup-sync/contracts';
import { revokeToken } from '@backup-sync/core';
import { exitCodes, UsageError } from '../failure.ts';
import { httpOptions } from '../http-options.ts';
import { defaultProfileName, type Profile, profilePath, removeProfile } from '../profiles.ts';
import { note, print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** Whether the server has ended the credentials, and a message about it. */
type Ending = { readonly ended: boolean; readonly message: string };

/**
 * Removes a profile, and ends its token if the server answers. The profile is always removed: logging out on a borrowed
 * machine must not leave credentials there.
 */
export async function logoutCommand(context: CommandContext, named: string | undefined): Promise<number> {
  const { terminal, environment } = context;
  const name = named ?? environment.BACKUP_SYNC_PROFILE ?? defaultProfileName;
  const file = profilePath(environment);
  const profile = await removeProfile(file, name);
  if (profile === null)
    throw new UsageError(`there is no profile ${JSON.stringify(name)} in ${file}: nothing was removed`);
  const { endpoint } = profile;
  const { ended, message } = await endCredentials(context, profile);
  if (terminal.json) printJson(terminal, { profile: name, endpoint, ended, file });
  else {
    print(terminal, `removed profile ${JSON.stringify(name)} of ${endpoint} from ${file}`);
    note(terminal, message);
  }
  return exitCodes.done;
}

async function endCredentials(
  { connect, environment, signal }: CommandContext,
  { endpoint, credentials }: Profile,
): Promise<Ending> {
  if (credentials.kind === 'access key') {
    const { accessKey } = credentials;
    const message =
      `Access key ${accessKey} is still valid. To disable it, an administrator runs ` +
      `"backup-sync access-keys disable ${accessKey}".`;
    return { ended: false, message };
  }
  try {
    const http = await httpOptions(connect, environment);
    await revokeToken(endpoint, credentials.token.reveal(), { ...http, signal });
    return { ended: true, message: 'The token has ended.' };
  } catch (error) {
    if (!(error instanceof BackupSyncError)) throw error;
    if (errors[error.code].httpStatus === 401) return { ended: true, message: 'The token had already ended.' };
    const message = `The server did not end the token, which stays valid until it expires: ${error.message}`;
    return { ended: false, message };
  }
}
