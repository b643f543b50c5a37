import {
  BackupSyncError,
  causesOf,
  type ErrorCode,
  errors,
  type Problem,
  reasons,
  untrustedCertificate,
} from '@backup-sync/contracts';
import { reasonOfStorageError } from '@backup-sync/engine/storage-reason';
import { formatSeconds } from './duration.ts';
import { remedyOnCommandLine } from './reason-remedies.ts';

/** Exit codes in addition to those of {@link errors}. */
export const exitCodes = { done: 0, failure: 1, someItemsFailed: 3, interrupted: 130 } as const;

/** Meanings of the exit codes; `check` has its own. */
export const exitCodeMeanings: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failure or wrong usage',
  3: 'some items failed',
  4: 'not authorised',
  5: 'not reachable or no answer in time',
  130: 'interrupted',
};

/** A command was used wrongly, or its files cannot be read. The message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Items to sync that are not valid; `problems` says which and why. */
export class InvalidItemsError extends UsageError {
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[]) {
    super(message);
    this.problems = problems;
  }
}

/** A configuration is not valid; `problems` says where and why. */
export class ConfigurationError extends UsageError {
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[]) {
    super(message);
    this.problems = problems;
  }
}

/** A name that means several things: `candidates` lists them, and `remedy` says how to name one. */
export class AmbiguousNameError extends UsageError {
  readonly candidates: readonly Problem[];
  readonly remedy: string;

  constructor(message: string, candidates: readonly Problem[], remedy: string) {
    super(message);
    this.candidates = candidates;
    this.remedy = remedy;
  }
}

/** Ctrl-C or SIGTERM ended a command. The message says what continues without it, the remedy how to check on that. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** A server refused a login. The remedy for other commands would be to log in. */
export class RefusedLoginError extends Error {
  override readonly name = 'RefusedLoginError';
  readonly refusal: BackupSyncError;
  readonly remedy: string;

  constructor(refusal: BackupSyncError, remedy: string) {
    super(refusal.message, { cause: refusal });
    this.refusal = refusal;
    this.remedy = remedy;
  }
}

/** A failure as a command reports it. */
export type Failure = {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
  readonly problems: readonly Problem[];
};

/** Remedies in terms of commands and options, for errors whose remedy in {@link errors} is about the API. */
const commandRemedies: { readonly [Code in ErrorCode]?: string } = {
  invalid_request: 'Fix the values named here, then run the command again.',
  not_authenticated:
    'Log in with "backup-sync login" and name the profile. Or set a valid token in BACKUP_SYNC_TOKEN, or an enabled ' +
    'access key in BACKUP_SYNC_ACCESS_KEY and BACKUP_SYNC_SECRET_ACCESS_KEY.',
  project_not_allowed: 'Set the project of the token or access key with --project or BACKUP_SYNC_PROJECT.',
  backup_not_found: 'Check the id or name: "backup-sync backups list" shows the recorded backups.',
  operation_log_not_found: 'Check the id: "backup-sync operations list" shows the operations.',
  operation_not_found: 'Check the id: "backup-sync operations list" shows the operations.',
  source_not_found: 'Check the name or id: "backup-sync sources list" shows the sources.',
  resource_not_found: 'Check the name or id: "backup-sync resources list" shows the resources.',
  user_not_found: 'Check the name: "backup-sync users list" shows the users.',
  project_not_found:
    'Check the id or name: "backup-sync projects list" shows the projects. --project takes the id, not the name.',
  role_not_found: 'Check the user and the project: "backup-sync users list" shows the roles.',
  bucket_grant_not_found: 'Check the project, bucket and prefix: "backup-sync buckets list" shows the grants.',
  access_key_not_found: 'Check the key: "backup-sync access-keys list" shows the access keys.',
  source_name_taken: 'Give the source another name with --name.',
  bucket_not_found: 'Check the name of the bucket. Add --force to watch it before it exists.',
  prefix_empty: 'Check the bucket and the prefix. Add --force to watch the place before anything is stored there.',
  storage_not_readable:
    'Check --storage and its credentials with "backup-sync doctor". Add --force to skip this check.',
  source_not_held: 'There is nothing to confirm. To see the state of the source, run "backup-sync sources show".',
  route_not_found: 'Check that the endpoint is a backup-sync server of this release.',
  method_not_allowed: 'Check that the endpoint is a backup-sync server of this release.',
  throttled: 'Wait a while, then run the command again.',
  unavailable: 'Wait a while, then run the command again.',
  catalogue_full: 'Free space on the disk of the data directory, then run the command again.',
  internal: 'Run the command again. If it fails again, report it with the log of the server.',
  unreachable:
    'Check the address of the server (--endpoint, BACKUP_SYNC_ENDPOINT or the profile), and that the server runs.',
  connect_timeout:
    'Check the address of the server (--endpoint, BACKUP_SYNC_ENDPOINT or the profile), and the network and ' +
    'firewalls between it and this machine. To wait longer, use --connect-timeout.',
  response_timeout:
    'Check that the server is working. To wait longer, use --timeout. If the command changes something, check ' +
    'whether it did before you repeat it.',
  aborted: 'Run the command again. What was accepted is kept.',
};

/** Errors whose message is for the operator. Listed by name, because their modules are loaded only when needed. */
const operatorErrors = new Set([
  'UsageError',
  'ListenError',
  'DatabaseError',
  'DataDirectoryInUseError',
  'DataDirectoryError',
  'DataDirectoryGoneError',
  'NoCatalogueError',
  'CatalogueMovedError',
  'CatalogueUnavailableError',
  'ArchiveError',
  'CatalogueFullError',
  'NewerSchemaError',
  'OlderSchemaError',
  'SecretKeyError',
  'StorageSpecificationError',
  'OtherStorageUnitError',
  'OutputError',
  'DiskChoiceError',
  'ManifestCreationError',
]);

/** Describes what a command has thrown: exit code, message and remedy. */
export function failureOf(thrown: unknown): Failure {
  if (isInterruption(thrown)) {
    const { exitCode, number, remedy } = errors.aborted;
    const told = thrown instanceof InterruptedError ? thrown : null;
    return {
      exitCode,
      code: number,
      message: told?.message ?? 'The command was stopped before it finished.',
      remedy: told?.remedy ?? commandRemedies.aborted ?? remedy,
      problems: [],
    };
  }
  if (thrown instanceof RefusedLoginError) return { ...failureOf(thrown.refusal), remedy: thrown.remedy };
  if (thrown instanceof BackupSyncError) {
    const { exitCode, number, remedy } = errors[thrown.code];
    const { problems } = thrown;
    // The error's own message repeats the problems, all in one line.
    const message = problems.length > 0 ? 'the request is not valid' : thrown.message;
    return {
      exitCode,
      code: number,
      message,
      remedy: remedyFor(thrown) ?? commandRemedies[thrown.code] ?? remedy,
      problems,
    };
  }
  if (thrown instanceof InvalidItemsError) {
    const { number, exitCode } = errors.invalid_request;
    const remedy = commandRemedies.invalid_request ?? null;
    return { exitCode, code: number, message: thrown.message, remedy, problems: thrown.problems };
  }
  if (thrown instanceof ConfigurationError) {
    const remedy = 'Fix what is named here. To check it again, run "backup-sync config check".';
    return {
      exitCode: exitCodes.failure,
      code: 'ConfigurationError',
      message: thrown.message,
      remedy,
      problems: thrown.problems,
    };
  }
  if (thrown instanceof AmbiguousNameError) {
    const { message, candidates: problems, remedy } = thrown;
    return { exitCode: exitCodes.failure, code: 'AmbiguousNameError', message, remedy, problems };
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const known = operatorErrors.has(error.name);
  if (error.name === 'StorageError' && 'code' in error) {
    const code = reasonOfStorageError[error.code as keyof typeof reasonOfStorageError];
    const { number, summary, remedy } = reasons[code];
    const message = `${summary}: ${error.message}`;
    const onCommandLine = remedyOnCommandLine({ code, remedy });
    return { exitCode: exitCodes.failure, code: number, message, remedy: onCommandLine, problems: [] };
  }
  return {
    exitCode: exitCodes.failure,
    code: error.name,
    // A fault of this program: the stack trace helps to fix it.
    message: known ? error.message : `unexpected: ${error.stack ?? error.message}`,
    remedy: known ? null : 'This is a fault in backup-sync: report it with the lines above.',
    problems: [],
  };
}

/** A message with the number under which the documentation explains it, if there is one. */
export function withNumber(message: string, code: string): string {
  return /^BackupSync\.\d+$/.test(code) ? `${message} (${code})` : message;
}

/** The remedy for an error that says more than its code; otherwise null. */
function remedyFor(error: BackupSyncError): string | null {
  const { code, retryAfterMs } = error;
  if (code === 'throttled' && retryAfterMs !== null) {
    return `Wait ${formatSeconds(Math.ceil(retryAfterMs / 1000))}, then run the command again.`;
  }
  if (code !== 'unreachable') return null;
  if (causesOf(error).some(({ name }) => name === 'ProxyError')) {
    return (
      'Check the address of the proxy (HTTPS_PROXY, HTTP_PROXY), and that it runs. To reach a server without it, add ' +
      'the host name to NO_PROXY.'
    );
  }
  if (untrustedCertificate(error) === null) return null;
  return (
    'Use the host name in the certificate. If a private authority signed the certificate, set AWS_CA_BUNDLE or ' +
    'NODE_EXTRA_CA_CERTS to its PEM file.'
  );
}

/** Only Ctrl-C and SIGTERM abort a command. */
function isInterruption(thrown: unknown): boolean {
  if (thrown instanceof BackupSyncError) return thrown.code === 'aborted';
  return thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'InterruptedError');
}
