import type { CallName, OperationLog } from '../../packages/contracts/src/index.ts';

/** Calls that no command makes as its first call, each with the reason. */
export const unreachedCalls = {
  syncCheckpoint: 'sources scan does the same',
  listOperationLogs: 'operations list shows operations of every kind; sync asks for the logs of what it started',
  listVaults: 'sources list shows the same in this system’s own form',
  showVault: 'sources show shows the same in this system’s own form',
  showCheckpoint: 'operations show shows the run in this system’s own form',
  listScanFindings: 'scan asks for the findings of the scan that it started',
  listVerifications: 'backups show shows the newest proof; this is for a screen with all of them',
  countOperationDays: 'a calendar needs a screen; operations list shows each operation',
  showStanding: 'check says the same, and names the resources',
  beginExtraction: 'extract asks for the storage unit first, which no other command needs with a server',
  checkStorage: 'doctor first asks what the catalogue has, and only a server for its storage',
  listPlanItems: 'plan --bucket asks for the items of the plan that it started',
} as const satisfies { readonly [Name in CallName]?: string };

// biome-ignore lint/suspicious/noExplicitAny: the table of calls checks the inputs.
type Fields = any;

/** The command and standard input that make a call. `answer` converts the output to the form of the table. */
export type Spoken = {
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

/** The command for each call that a command makes. */
export const callCommands = {
  syncBackups: ({ sync }) => ({ args: ['sync', '-'], input: JSON.stringify({ sync }), answer: syncAnswer(sync) }),
  importBackups: ({ sync }) => ({
    args: ['sync', '-', '--with-ancestors'],
    input: JSON.stringify({ sync }),
    answer: syncAnswer(sync),
  }),
  planSync: ({ sync }) => ({ args: ['plan', '-'], input: JSON.stringify({ sync }) }),
  showCaller: () => ({ args: ['whoami'], answer: ({ caller }) => ({ caller }) }),
  listBackups: (input) => ({ args: ['backups', 'list', ...listed(input)] }),
  showBackup: ({ backup_id }) => ({ args: ['backups', 'show', backup_id] }),
  updateBackup: ({ backup_id, backup }) => ({ args: ['backups', 'rename', backup_id, backup.name] }),
  deleteBackup: ({ backup_id }) => ({ args: ['backups', 'delete', backup_id], answer: done }),
  listOperations: (input) => ({ args: ['operations', 'list', ...listed(input)] }),
  showOperationLog: ({ operation_log_id }) => ({ args: ['operations', 'show', operation_log_id] }),
  showOperation: ({ operation_id }) => ({ args: ['operations', 'show', operation_id] }),
  cancelOperation: ({ operation_id }) => ({ args: ['operations', 'cancel', operation_id] }),
  addSource: ({ bucket_name, name, force = false }) => ({
    args: ['sources', 'add', bucket_name, '--name', name, ...(force ? ['--force'] : [])],
  }),
  listSources: () => ({ args: ['sources', 'list'] }),
  showSource: ({ source_id }) => ({ args: ['sources', 'show', source_id] }),
  updateSource: ({ source_id, level = 'linkage' }) => ({ args: ['sources', 'edit', source_id, '--level', level] }),
  listResources: ({ level = 'linkage', source_id, sort = 'resource_id' }) => ({
    args: [
      ...['resources', 'list', '--level', level, '--sort', sort],
      ...(source_id === undefined ? [] : ['--source', source_id]),
    ],
  }),
  retireResource: ({ resource_id }) => ({ args: ['resources', 'retire', resource_id] }),
  unretireResource: ({ resource_id }) => ({ args: ['resources', 'unretire', resource_id] }),
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
  listNodes: () => ({ args: ['nodes', 'list'] }),
  addHook: ({ url, name, signature = 'hmac', newest_older_than_s }) => ({
    args: [
      ...['hooks', 'add', url, '--name', name, '--signature', signature],
      ...(newest_older_than_s === undefined ? [] : ['--newest-older-than', String(newest_older_than_s)]),
    ],
  }),
  listHooks: () => ({ args: ['hooks', 'list'] }),
  updateHook: ({ hook_id, level = 'linkage' }) => ({ args: ['hooks', 'edit', hook_id, '--level', level] }),
  testHook: ({ hook_id }) => ({ args: ['hooks', 'test', hook_id] }),
  pauseHook: ({ hook_id }) => ({ args: ['hooks', 'pause', hook_id] }),
  resumeHook: ({ hook_id }) => ({ args: ['hooks', 'resume', hook_id] }),
  rotateHookSecret: ({ hook_id }) => ({ args: ['hooks', 'rotate-secret', hook_id] }),
  removeHook: ({ hook_id }) => ({ args: ['hooks', 'remove', hook_id], answer: done }),
  listHookDeliveries: ({ hook_id }) => ({ args: ['hooks', 'deliveries', hook_id] }),
  resendHookDeliveries: ({ hook_id, delivery_id }) => ({
    args: ['hooks', 'resend', hook_id, ...(delivery_id === undefined ? [] : [delivery_id])],
  }),
  removeSource: ({ source_id }) => ({ args: ['sources', 'remove', source_id], answer: done }),
  startScan: ({ bucket_name }) => ({ args: ['scan', bucket_name] }),
  startPlan: ({ bucket_name }) => ({ args: ['plan', '--bucket', bucket_name] }),
  scanSource: ({ source_id }) => ({ args: ['sources', 'scan', source_id] }),
  confirmSource: ({ source_id }) => ({ args: ['sources', 'confirm', source_id] }),
  verifyBackup: ({ backup_id }) => ({ args: ['verify', backup_id] }),
  watchOperations: () => ({ args: ['operations', 'watch'] }),
} satisfies Record<Exclude<CallName, keyof typeof unreachedCalls>, (input: Fields) => Spoken>;
