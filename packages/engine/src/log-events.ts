/** Levels of the log, from the most important to the least. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;

export type LogLevel = (typeof logLevels)[number];

/** The fields that entries can have, with their meaning. A field without a value is left out. */
export const logFields = {
  request_id: 'id of the request, as in the header `X-Request-Id` and in the audit',
  operation_id: 'id of the operation',
  project_id: 'id of the project',
  actor: 'user who made the call, or on whose behalf the operation runs',
  door: 'interface of the call, as in the audit',
  address: 'network address of the caller',
  call: 'name of the [call](calls.md)',
  error: 'name of the [error](errors.md) that the caller got',
  kind: 'kind of the operation',
  status: 'status with which the operation ended',
  reason: '[reason](reasons.md) why something failed or waits',
  backup_id: 'id of the backup',
  resource_id: 'id of the resource of that backup',
  bucket: 'name of the bucket',
  source_id: 'id of the source',
  hook_id: 'id of the hook',
  duration_ms: 'duration in milliseconds',
  endpoint: 'address that the server listens on',
  version: 'release of the program',
  host: 'host name of another node',
  pid: 'id of the process',
  place: 'part of the program, or the operation or request, in which a fault occurred; or the line of a file',
  stack: 'stack of a fault and of its causes',
  changed: 'keys of the configuration whose new values are used, separated by commas',
  needs_restart: 'keys of the configuration whose new values are used only after a restart, separated by commas',
  left_out: 'name of the event whose entries were left out',
  count: 'number of entries that are missing',
} as const;

type LogField = keyof typeof logFields;

/** Maximum number of entries of a limited event in a minute. The others are counted. */
export const limitedEntries = 100;

type LogEventDescription = {
  readonly level: LogLevel;
  /** When the entry is written, as a clause for the reference. */
  readonly when: string;
  readonly fields: readonly LogField[];
  /**
   * Set if a fault outside can cause the event thousands of times. {@link limitedEntries} is then the limit of the whole
   * `event`, or of each `error` that it has, so that a frequent error hides no other.
   */
  readonly limitedBy?: 'event' | 'error';
};

const ofCall = ['request_id', 'project_id', 'actor', 'door', 'address', 'call', 'duration_ms'] as const;
const ofOperation = [
  'operation_id',
  'project_id',
  'actor',
  'request_id',
  'kind',
  'status',
  'reason',
  'bucket',
  'backup_id',
  'resource_id',
  'source_id',
  'duration_ms',
] as const;

/** The events of the log. Names are stable: people search for them. The reference is generated from this table. */
export const logEvents = {
  'node.started': {
    level: 'info',
    when: 'the process works, or answers calls',
    fields: ['version', 'pid', 'endpoint'],
  },
  'node.draining': {
    level: 'info',
    when: 'the process answers calls for a while longer, before it stops',
    fields: ['duration_ms'],
  },
  'node.stopping': { level: 'info', when: 'the process begins to stop', fields: ['pid'] },
  'node.stopped': { level: 'info', when: 'the process has stopped properly', fields: ['pid', 'duration_ms'] },
  'node.lost': {
    level: 'warn',
    when: 'the node has stopped its work, because the database did not answer or another node has taken over',
    fields: [],
  },
  'node.returned': { level: 'info', when: 'the node works again after `node.lost`', fields: [] },
  'node.taken_over': {
    level: 'warn',
    when: 'another node was silent for too long, and its work continues elsewhere',
    fields: ['host', 'pid'],
  },
  'node.clock_differs': { level: 'warn', when: 'the clock of this machine differs from the database', fields: [] },
  'call.accepted': { level: 'info', when: 'a call has changed something', fields: ofCall },
  'call.answered': {
    level: 'debug',
    when: 'a call that only reads was answered, or its stream begins',
    fields: ofCall,
  },
  'call.refused': {
    level: 'info',
    when: 'a call of a known caller was refused',
    fields: [...ofCall, 'error'],
    limitedBy: 'error',
  },
  'call.failed': {
    level: 'warn',
    when: 'a call failed through no fault of the caller (HTTP status 500 or more)',
    fields: [...ofCall, 'error'],
    limitedBy: 'error',
  },
  'request.refused': {
    level: 'debug',
    when: 'a request was refused; if it had become a call, `call.refused` or `call.failed` says more',
    fields: ['request_id', 'address', 'error'],
    limitedBy: 'error',
  },
  'operation.succeeded': {
    level: 'info',
    when: 'a scan, a run of a source, a plan or a verification has succeeded',
    fields: ofOperation,
  },
  'operation.failed': {
    level: 'info',
    when: 'a scan, a run of a source, a plan or a verification has ended without success; a bucket or a backup is the usual cause',
    fields: ofOperation,
  },
  'item.succeeded': {
    level: 'debug',
    when: 'the import or the deletion of one backup has succeeded; a sync has thousands of them',
    fields: ['operation_id', 'project_id', 'kind', 'status'],
  },
  'item.failed': {
    level: 'info',
    when: 'the import or the deletion of one backup has ended without success',
    fields: ofOperation,
    limitedBy: 'event',
  },
  'source.run_started': {
    level: 'info',
    when: 'a run of a source has started',
    fields: ['operation_id', 'project_id', 'source_id', 'bucket', 'actor', 'request_id'],
  },
  'source.held': {
    level: 'warn',
    when: 'a run of a source found too many backups missing, so their removal waits for a confirmation; repeated by each run until then',
    fields: ['operation_id', 'project_id', 'source_id', 'bucket'],
  },
  'hook.given_up': {
    level: 'warn',
    when: 'the last try to send an event to a hook has failed',
    fields: ['project_id', 'hook_id'],
    limitedBy: 'event',
  },
  'hook.gone': {
    level: 'warn',
    when: 'the receiver of a hook answered 410, and gets no more events until the hook is resumed',
    fields: ['project_id', 'hook_id'],
  },
  'hook.missed': {
    level: 'warn',
    when: 'a hook has missed operations that ended, because it was too far behind',
    fields: ['project_id', 'hook_id'],
  },
  'outage.began': {
    level: 'warn',
    when: 'a bucket does not answer or accepts no more requests, and its work waits',
    fields: ['bucket', 'reason'],
  },
  'outage.ended': { level: 'info', when: 'a bucket answers again', fields: ['bucket', 'duration_ms'] },
  'storage.notice': {
    level: 'warn',
    when: 'the storage service lacks something or has a wrong clock; the entry says what is done instead',
    fields: [],
  },
  'catalogue.blocked': {
    level: 'error',
    when: 'the catalogue cannot be written, for example because its disk is full; work waits',
    fields: [],
  },
  'catalogue.writable': { level: 'info', when: 'work continues after `catalogue.blocked`', fields: ['duration_ms'] },
  'catalogue.unavailable': {
    level: 'error',
    when: 'the database does not answer, or its disk is full; at most once a minute',
    fields: [],
  },
  'config.reloaded': {
    level: 'info',
    when: 'the configuration was read again, after SIGHUP',
    fields: ['changed', 'needs_restart'],
  },
  'config.refused': {
    level: 'error',
    when: 'the configuration was read again after SIGHUP, is not valid, and changes nothing',
    fields: [],
  },
  'config.problem': { level: 'error', when: 'a problem of a configuration that was refused', fields: ['place'] },
  'service_manager.failed': {
    level: 'warn',
    when: 'systemd could not be notified of a start, a reload or a stop',
    fields: [],
  },
  'records.removed': { level: 'info', when: 'records that were kept for long enough have been removed', fields: [] },
  'certificate.renewed': { level: 'info', when: 'the server uses a renewed TLS certificate', fields: [] },
  fault: {
    level: 'error',
    when: 'the program or its machine has a fault',
    fields: ['place', 'stack', 'request_id', 'operation_id'],
  },
  'log.left_out': {
    level: 'warn',
    when: 'a minute ends in which an event occurred more than 100 times, and the further entries were left out',
    fields: ['left_out', 'error', 'count'],
  },
  'log.lost': {
    level: 'warn',
    when: 'nobody read standard error fast enough, and entries were lost',
    fields: ['count'],
  },
} as const satisfies Readonly<Record<string, LogEventDescription>>;

export type LogEventName = keyof typeof logEvents;

/** The values of an entry. Numbers for counts and milliseconds, else text. */
export type LogValues<Name extends LogEventName> = {
  readonly [Field in (typeof logEvents)[Name]['fields'][number]]?: string | number | null | undefined;
};

/**
 * Writes an entry. The message is for people: a sentence or a clause. Values may come from outside: the writer of the
 * entries makes them harmless. No value may be a secret.
 */
export type Log = <Name extends LogEventName>(event: Name, message: string, values: LogValues<Name>) => void;

/** For processes that keep no log. */
export const noLog: Log = () => {};

/** Takes a fault of this program or its machine that cannot be reported to a caller. */
export type OnFault = (
  place: string,
  error: unknown,
  about?: Pick<LogValues<'fault'>, 'request_id' | 'operation_id'>,
) => void;
