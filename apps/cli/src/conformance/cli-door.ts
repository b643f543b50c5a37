import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { BackupSyncError, type CallName, errorCodeOf, type OperationLog, type Problem } from '@backup-sync/contracts';
import type { RunningGateway } from '@backup-sync/gateway';
import { runCommandLine } from '../run-command-line.ts';
import type { Door } from './door.ts';

const joinedByPlan = 'plan --bucket follows what it started, and puts out its items';
const joinedByScan = 'scan follows what it started: it puts out the findings, and no operation';

/** Commands join verbs to what people want done: these are called by a command that answers something else. */
export const cliJoined: Door['joined'] = {
  startScan: joinedByScan,
  listScanFindings: joinedByScan,
  startPlan: joinedByPlan,
  listPlanItems: joinedByPlan,
  listOperationLogs: 'operations list shows operations of every kind, in this system’s own form',
  scanSource: 'sources scan follows the run to its end',
  confirmSource: 'sources confirm follows the run to its end',
  verifyBackup: 'verify follows the verification and answers its outcome',
  syncCheckpoint: 'sources scan does the same',
};

// biome-ignore lint/suspicious/noExplicitAny: the inputs are checked by the table behind the command.
type Fields = any;

/** The command and standard input that a call is made of. `answer` makes of its output what the table says. */
type Spoken = {
  readonly args: readonly string[];
  readonly input?: string;
  readonly answer?: (output: Fields) => unknown;
};

const listed = ({ sort, limit, marker, status, name, kind }: Fields): string[] =>
  Object.entries({ sort, limit, marker, status, name, kind }).flatMap(([option, value]) =>
    value === undefined ? [] : [`--${option}`, String(value)],
  );
const syncAnswer = (items: readonly { backup_id: string }[]) => (output: { operation_logs: OperationLog[] }) => ({
  sync: items.map(({ backup_id }) => {
    const log = output.operation_logs.find(({ extra_info: extra }) => extra.backup?.backup_id === backup_id);
    return { backup_id, operation_log_id: log?.id };
  }),
});
const done = () => undefined;

const commands: Partial<Record<CallName, (input: Fields) => Spoken>> = {
  syncBackups: ({ sync }) => ({ args: ['sync', '-'], input: JSON.stringify({ sync }), answer: syncAnswer(sync) }),
  importBackups: ({ sync }) => ({
    args: ['sync', '-', '--with-ancestors'],
    input: JSON.stringify({ sync }),
    answer: syncAnswer(sync),
  }),
  planSync: ({ sync }) => ({ args: ['plan', '-'], input: JSON.stringify({ sync }) }),
  listBackups: (input) => ({ args: ['backups', 'list', ...listed(input)] }),
  showBackup: ({ backup_id }) => ({ args: ['backups', 'show', backup_id] }),
  deleteBackup: ({ backup_id }) => ({ args: ['backups', 'delete', backup_id], answer: done }),
  listOperations: (input) => ({ args: ['operations', 'list', ...listed(input)] }),
  showOperationLog: ({ operation_log_id }) => ({ args: ['operations', 'show', operation_log_id] }),
  showOperation: ({ operation_id }) => ({ args: ['operations', 'show', operation_id] }),
  cancelOperation: ({ operation_id }) => ({ args: ['operations', 'cancel', operation_id] }),
  addSource: ({ bucket_name, name }) => ({ args: ['sources', 'add', bucket_name, '--name', name] }),
  listSources: () => ({ args: ['sources', 'list'] }),
  showSource: ({ source_id }) => ({ args: ['sources', 'show', source_id] }),
  pauseSource: ({ source_id }) => ({ args: ['sources', 'pause', source_id] }),
  resumeSource: ({ source_id }) => ({ args: ['sources', 'resume', source_id] }),
  createUser: ({ name, password }) => ({ args: ['users', 'create', name], input: password }),
  listUsers: () => ({ args: ['users', 'list'] }),
  disableUser: ({ user_name }) => ({ args: ['users', 'disable', user_name] }),
  enableUser: ({ user_name }) => ({ args: ['users', 'enable', user_name] }),
  setUserPassword: ({ user_name, password }) => ({ args: ['users', 'set-password', user_name], input: password }),
  removeUser: ({ user_name }) => ({ args: ['users', 'remove', user_name], answer: done }),
  createProject: ({ name }) => ({ args: ['projects', 'create', name] }),
  listProjects: () => ({ args: ['projects', 'list'] }),
  grantRole: ({ user_name, role, target_project_id }) => ({
    args: ['roles', 'grant', user_name, role, target_project_id],
  }),
  revokeRole: ({ user_name, target_project_id }) => ({
    args: ['roles', 'revoke', user_name, target_project_id],
    answer: done,
  }),
  grantBucket: ({ bucket_name, prefix, target_project_id }) => ({
    args: ['buckets', 'grant', `${bucket_name}/${prefix}`, target_project_id],
  }),
  revokeBucket: ({ bucket_name, prefix, target_project_id }) => ({
    args: ['buckets', 'revoke', `${bucket_name}/${prefix}`, target_project_id],
    answer: done,
  }),
  listBucketGrants: () => ({ args: ['buckets', 'list'] }),
  createAccessKey: ({ user_name, target_project_id }) => ({
    args: ['access-keys', 'create', user_name, target_project_id],
  }),
  listAccessKeys: () => ({ args: ['access-keys', 'list'] }),
  disableAccessKey: ({ access_key }) => ({ args: ['access-keys', 'disable', access_key] }),
  listAuditEvents: ({ operation }) => ({ args: ['audit', 'list', '--operation', operation] }),
  removeSource: ({ source_id }) => ({ args: ['sources', 'remove', source_id], answer: done }),
};

/** Calls verbs by the commands that there are for them, each run as the process runs it. */
export function cliCall({ endpoint, projectId, token }: RunningGateway): Door['call'] {
  return async (name, { project_id = projectId, ...input }) => {
    const spoken = commands[name]?.(input);
    if (spoken === undefined) throw new Error(`there is no command for ${name}`);
    const environment = {
      BACKUP_SYNC_ENDPOINT: endpoint,
      BACKUP_SYNC_TOKEN: token,
      BACKUP_SYNC_PROJECT: project_id,
    };
    const { code, output, messages } = await runInProcess([...spoken.args, '--json'], environment, spoken.input ?? '');
    // 3: some items failed, which their operation logs tell.
    if (code === 0 || code === 3)
      return (spoken.answer ?? ((value) => value))(output === '' ? null : JSON.parse(output)) as never;
    const { error }: { error: { code: string; message: string; problems: Problem[] } } = JSON.parse(messages);
    const known = errorCodeOf(error.code);
    if (known === undefined) throw new Error(`${name} ended with ${code}: ${messages}`);
    throw new BackupSyncError(known, error.message, { problems: error.problems });
  };
}

/** The command line in this process, with streams and environment of its own. */
async function runInProcess(args: readonly string[], env: Record<string, string>, input: string) {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  stdin.end(input);
  const host = {
    argv: ['node', 'backup-sync', ...args],
    env,
    stdin,
    stdout,
    stderr,
    exitCode: 0,
    once() {},
    exit() {},
  };
  const texts = Promise.all([text(stdout), text(stderr)]);
  await runCommandLine(host as unknown as NodeJS.Process, '0.0.0');
  stdout.end();
  stderr.end();
  const [output, messages] = await texts;
  return { code: host.exitCode, output, messages };
}
