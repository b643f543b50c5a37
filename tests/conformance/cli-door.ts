import { runInProcess } from '../../apps/cli/src/testing-in-process.ts';
import type { LocalGateway } from '../../apps/gateway/src/index.ts';
import { BackupSyncError, errorCodeOf, type Problem } from '../../packages/contracts/src/index.ts';
import { callCommands, type Spoken } from './call-commands.ts';
import type { Door } from './door.ts';

const joinedByPlan = 'plan --bucket follows what it started, and prints its items';
const joinedByScan = 'scan follows what it started: it prints the findings, not the operation';

/** Calls that commands make only as a part of their work, so their output is different. */
export const cliJoined: Door['joined'] = {
  startScan: joinedByScan,
  listScanFindings: joinedByScan,
  startPlan: joinedByPlan,
  listPlanItems: joinedByPlan,
  listOperationLogs: 'operations list shows operations of every kind, in this system’s own form',
  checkStorage: 'doctor asks a server for it, and prints it with its other findings',
  scanSource: 'sources scan follows the run to its end',
  confirmSource: 'sources confirm follows the run to its end',
  verifyBackup: 'verify follows the verification and prints its outcome',
  listVerifications: 'backups show shows the newest proof only',
  countOperationDays: 'operations list shows each operation',
  showStanding: 'check prints the same sentence with the names of resources',
  beginExtraction: 'extract continues with the volume itself',
  syncCheckpoint: 'sources scan does the same',
  listVaults: 'sources list shows the same in this system’s own form',
  showVault: 'sources show shows the same in this system’s own form',
  showCheckpoint: 'operations show shows the run in this system’s own form',
};

/** Makes calls by their commands, each run in this process as the command runs it. */
export function cliCall({ endpoint, projectId, token }: LocalGateway): Door['call'] {
  return async (name, { project_id = projectId, ...input }) => {
    if (!(name in callCommands)) throw new Error(`there is no command for ${name}`);
    const spoken: Spoken = callCommands[name as keyof typeof callCommands](input);
    const environment = {
      BACKUP_SYNC_ENDPOINT: endpoint,
      BACKUP_SYNC_TOKEN: token,
      BACKUP_SYNC_PROJECT: project_id,
    };
    const { code, output, messages } = await runInProcess([...spoken.args, '--json'], { environment, ...spoken });
    // 3: some items failed; their operation logs say which.
    if (code === 0 || code === 3)
      return (spoken.answer ?? ((value) => value))(output === '' ? null : JSON.parse(output)) as never;
    const { error }: { error: { code: string; message: string; problems: Problem[] } } = JSON.parse(messages);
    const known = errorCodeOf(error.code);
    if (known === undefined) throw new Error(`${name} ended with ${code}: ${messages}`);
    throw new BackupSyncError(known, error.message, { problems: error.problems });
  };
}
