import type { Ended } from '../../apps/cli/src/testing.ts';
import type { runInProcess } from '../../apps/cli/src/testing-in-process.ts';
import { type CallName, errorCodeOf, errors } from '../../packages/contracts/src/index.ts';
import { callCommands, type Spoken } from '../conformance/call-commands.ts';
import type { Cell } from './cells.ts';
import { item, type Population, password, type ServedInstallation, sourceName } from './installation.ts';

/** Where a command of a cell works. */
export type CommandPlace = Pick<Population, 'own' | 'other' | 'importId'> & {
  /** What happens is to be watched: makes something happen in a project. */
  readonly stir: (project: Cell['project']) => Promise<unknown>;
  readonly environmentOf: (cell: Cell) => Record<string, string>;
  readonly runs: typeof runInProcess;
};

/** The code with which a command was refused; null where it was not. Throws where it was not used as it should be. */
export async function callByCommand(place: CommandPlace, cell: Cell): Promise<string | null> {
  const { args, input = '' } = commandOf(place, cell.call);
  const isWatch = cell.call === 'watchOperations';
  const asked = [...args, '--project', place[cell.project], '--json'];
  const running = place.runs(asked, place.environmentOf(cell), { input, untilOutput: isWatch });
  return codeOf(cell, await (isWatch ? stirredUntil(running, () => place.stir(cell.project)) : running));
}

/** The command that makes a call, and its input: what it names is there, or nothing of it; nothing that others need changes. */
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
    resource_id: 'x',
    name: 'x',
    force: true,
    user_name: 'x',
    password,
    role: 'reader',
    target_project_id: own,
    access_key: importId,
  };
  const filter = { operation: 'createUser' };
  return callCommands[call as keyof typeof callCommands](call.startsWith('list') ? filter : fields);
}

/** What says who a command is, by the ways in at a server. */
export function serverEnvironment(place: ServedInstallation, { way, holder }: Cell, configuration: string) {
  const { endpoint, tokens, keys, dataDirectory, storage } = place;
  // Where no profile of the person is, who runs the tests.
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

/** What ended well, in part, or as it was asked to; else its code, which goes with its exit code. */
function codeOf(cell: Cell, { code, messages }: Ended): string | null {
  if (code === 0 || code === 3 || (cell.call === 'watchOperations' && code === 130)) return null;
  const said = /^\{"error":.*\}$/m.exec(messages)?.[0];
  const known = said === undefined ? undefined : errorCodeOf(JSON.parse(said).error.code);
  if (known !== undefined && errors[known].exitCode === code) return known;
  // A scan or plan that was let start, and found no bucket.
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
