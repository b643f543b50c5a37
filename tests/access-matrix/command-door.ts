import type { Ended } from '../../apps/cli/src/testing.ts';
import type { runInProcess } from '../../apps/cli/src/testing-in-process.ts';
import { type CallName, errorCodeOf, errors } from '../../packages/contracts/src/index.ts';
import { callCommands, type Spoken } from '../conformance/call-commands.ts';
import type { Cell } from './cells.ts';
import { hookName, item, type Population, password, type ServedInstallation, sourceName } from './installation.ts';

/** The environment for the command of a cell. */
export type CommandPlace = Pick<Population, 'own' | 'other' | 'importId'> & {
  /** Causes an event in a project, for commands that watch events. */
  readonly stir: (project: Cell['project']) => Promise<unknown>;
  readonly environmentOf: (cell: Cell) => Record<string, string>;
  readonly runs: typeof runInProcess;
};

/** Runs the command of a cell. Returns the code of its refusal, or null. Throws if the command was used wrongly. */
export async function callByCommand(place: CommandPlace, cell: Cell): Promise<string | null> {
  const { args, input = '' } = commandOf(place, cell.call);
  const isWatch = cell.call === 'watchOperations';
  const asked = [...args, '--project', place[cell.project], '--json'];
  const running = place.runs(asked, { environment: place.environmentOf(cell), input, untilOutput: isWatch });
  return codeOf(cell, await (isWatch ? stirredUntil(running, () => place.stir(cell.project)) : running));
}

/**
 * Returns the command that makes a call, and its input. Either everything that it names exists, or nothing. It changes
 * nothing that other cells need.
 */
function commandOf({ own, importId }: Pick<CommandPlace, 'own' | 'importId'>, call: CallName): Spoken {
  if (!(call in callCommands)) throw new Error(`no command makes the call ${call}`);
  const fields = {
    sync: [item],
    backup_id: 'x',
    backup: { name: 'x' },
    operation_id: importId,
    operation_log_id: importId,
    bucket_name: 'missing',
    prefix: 'x/',
    source_id: sourceName,
    hook_id: hookName,
    url: 'https://127.0.0.1/refused',
    resource_id: 'x',
    name: 'x',
    force: true,
    user_name: 'x',
    password,
    role: 'reader',
    target_project_id: own,
    access_key: importId,
  };
  const filter = { operation: 'createUser', hook_id: hookName };
  return callCommands[call as keyof typeof callCommands](call.startsWith('list') ? filter : fields);
}

/** The environment variables with the credentials of a cell. */
export function serverEnvironment(place: ServedInstallation, { way, holder }: Cell, configuration: string) {
  const { endpoint, tokens, keys, dataDirectory, storage } = place;
  // Without the profiles of the person who runs the tests.
  const home = { XDG_CONFIG_HOME: configuration };
  switch (way) {
    case 'none':
      return { ...home, BACKUP_SYNC_ENDPOINT: endpoint };
    case 'login':
      return { ...home, BACKUP_SYNC_PROFILE: holder };
    case 'operator':
      return { ...home, BACKUP_SYNC_DATA_DIR: dataDirectory, BACKUP_SYNC_STORAGE: storage };
    case 'signature': {
      const { accessKey = '', secretKey = '' } = keys.get(holder) ?? {};
      const key = { BACKUP_SYNC_ACCESS_KEY: accessKey, BACKUP_SYNC_SECRET_ACCESS_KEY: secretKey };
      return { ...home, BACKUP_SYNC_ENDPOINT: endpoint, ...key };
    }
    default:
      return { ...home, BACKUP_SYNC_ENDPOINT: endpoint, BACKUP_SYNC_TOKEN: tokens.get(holder) ?? '' };
  }
}

/** Null if the command succeeded, even in part, or was stopped; else its error code, which must fit its exit code. */
function codeOf(cell: Cell, { code, messages }: Ended): string | null {
  if (code === 0 || code === 3 || (cell.call === 'watchOperations' && code === 130)) return null;
  // The call was allowed. Its event was not delivered: nothing is sent to such an address.
  if (cell.call === 'testHook' && code === 1 && messages === '') return null;
  const said = /^\{"error":.*\}$/m.exec(messages)?.[0];
  const known = said === undefined ? undefined : errorCodeOf(JSON.parse(said).error.code);
  if (known !== undefined && errors[known].exitCode === code) return known;
  // A scan or plan was allowed to start, and found no bucket.
  if (code === 1 && said?.includes('BackupSync.') === true) return null;
  if (code === 1 && messages.startsWith('{"operation":')) return null;
  throw new Error(`${JSON.stringify(cell)} ended with ${code}: ${messages}`);
}

async function stirredUntil(running: Promise<Ended>, stir: () => Promise<unknown>): Promise<Ended> {
  let ended = false;
  const watched = running.finally(() => {
    ended = true;
  });
  while (!ended) await stir();
  return watched;
}
