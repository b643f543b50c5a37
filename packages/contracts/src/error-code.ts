// Over 400 lines: one closed list, which is read and checked as a whole.
import { z } from 'zod';

type ErrorDefinition = {
  /** Permanent: never reused, never changed. */
  readonly number: `BackupSync.${number}`;
  readonly httpStatus: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 429 | 431 | 500 | 501 | 502 | 503;
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean;
  readonly remedy: string;
  /** Exit code of the command line: 1 usage or failure, 4 not authorised, 5 not reachable, 130 interrupted. */
  readonly exitCode: 1 | 4 | 5 | 130;
};

/** Why a call was refused: the closed list. Those from `unreachable` on arise at a client and are never sent. */
export const errors = {
  invalid_request: {
    number: 'BackupSync.1001',
    httpStatus: 400,
    retryable: false,
    remedy: 'Fix the fields named in the message.',
    exitCode: 1,
  },
  malformed_json: {
    number: 'BackupSync.1002',
    httpStatus: 400,
    retryable: false,
    remedy: 'Send the body as JSON in UTF-8.',
    exitCode: 1,
  },
  not_json: {
    number: 'BackupSync.1003',
    httpStatus: 415,
    retryable: false,
    remedy: 'Send the body with Content-Type: application/json and no unusual encoding.',
    exitCode: 1,
  },
  body_too_large: {
    number: 'BackupSync.1004',
    httpStatus: 413,
    retryable: false,
    remedy: 'Split the list over several calls.',
    exitCode: 1,
  },
  headers_too_large: {
    number: 'BackupSync.1051',
    httpStatus: 431,
    retryable: false,
    remedy: 'Send fewer or shorter headers, and a shorter address.',
    exitCode: 1,
  },
  request_timeout: {
    number: 'BackupSync.1052',
    httpStatus: 408,
    retryable: true,
    remedy: 'Send the whole request at once.',
    exitCode: 5,
  },
  not_authenticated: {
    number: 'BackupSync.1005',
    httpStatus: 401,
    retryable: false,
    remedy: 'Send a valid token in X-Auth-Token, which POST /v3/auth/tokens issues, or sign the request.',
    exitCode: 4,
  },
  project_not_allowed: {
    number: 'BackupSync.1006',
    httpStatus: 403,
    retryable: false,
    remedy: 'Use the project that the token was issued for.',
    exitCode: 4,
  },
  role_not_allowed: {
    number: 'BackupSync.1007',
    httpStatus: 403,
    retryable: false,
    remedy: 'Ask an administrator for the role that the message names.',
    exitCode: 4,
  },
  token_without_project: {
    number: 'BackupSync.1063',
    httpStatus: 403,
    retryable: false,
    remedy: 'Request a token with "scope": {"project": {"id": "…"}} from the identity service, and send that token.',
    exitCode: 4,
  },
  token_restricted: {
    number: 'BackupSync.1064',
    httpStatus: 403,
    retryable: false,
    remedy: 'Request a token with an application credential that has no access rules, or with a password.',
    exitCode: 4,
  },
  bucket_not_bound: {
    number: 'BackupSync.1008',
    httpStatus: 403,
    retryable: false,
    remedy: 'Ask an administrator to grant it to the project ("backup-sync buckets grant").',
    exitCode: 4,
  },
  backup_not_found: {
    number: 'BackupSync.1009',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id; GET …/backups lists what is recorded.',
    exitCode: 1,
  },
  operation_log_not_found: {
    number: 'BackupSync.1010',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id; GET …/operation-logs lists what there is.',
    exitCode: 1,
  },
  route_not_found: {
    number: 'BackupSync.1011',
    httpStatus: 404,
    retryable: false,
    remedy: 'See /openapi.json for the paths that exist.',
    exitCode: 1,
  },
  not_offered: {
    number: 'BackupSync.1058',
    httpStatus: 501,
    retryable: false,
    remedy: 'Use what the message names. This service imports and proves backups; it does not make or restore them.',
    exitCode: 1,
  },
  method_not_allowed: {
    number: 'BackupSync.1012',
    httpStatus: 405,
    retryable: false,
    remedy: 'Use a method that the Allow header names.',
    exitCode: 1,
  },
  operation_not_found: {
    number: 'BackupSync.1017',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id of the operation.',
    exitCode: 1,
  },
  source_not_found: {
    number: 'BackupSync.1018',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id; GET …/sources lists what there is.',
    exitCode: 1,
  },
  resource_not_found: {
    number: 'BackupSync.1068',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id; GET …/resources lists what there is.',
    exitCode: 1,
  },
  vault_not_found: {
    number: 'BackupSync.1059',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id; GET …/vaults lists what there is. A vault is a source here.',
    exitCode: 1,
  },
  checkpoint_not_found: {
    number: 'BackupSync.1060',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id; GET …/operation-logs?vault_id=… names the runs of a source as checkpoint_id.',
    exitCode: 1,
  },
  source_name_taken: {
    number: 'BackupSync.1019',
    httpStatus: 409,
    retryable: false,
    remedy: 'Give the source another name.',
    exitCode: 1,
  },
  source_not_held: {
    number: 'BackupSync.1020',
    httpStatus: 409,
    retryable: false,
    remedy: 'There is nothing to confirm: look at the source again.',
    exitCode: 1,
  },
  bucket_not_found: {
    number: 'BackupSync.1053',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check bucket_name. Send "force": true to add the source before its bucket exists.',
    exitCode: 1,
  },
  prefix_empty: {
    number: 'BackupSync.1054',
    httpStatus: 409,
    retryable: false,
    remedy: 'Check bucket_name and prefix. Send "force": true to watch the place before anything is stored there.',
    exitCode: 1,
  },
  storage_not_readable: {
    number: 'BackupSync.1055',
    httpStatus: 409,
    retryable: false,
    remedy: 'Check the address and credentials of the storage unit. Send "force": true to skip this check.',
    exitCode: 1,
  },
  token_not_found: {
    number: 'BackupSync.1026',
    httpStatus: 404,
    retryable: false,
    remedy: 'Send the token that is meant in X-Subject-Token; one that has ended or was revoked is not known any more.',
    exitCode: 1,
  },
  events_gone: {
    number: 'BackupSync.1025',
    httpStatus: 409,
    retryable: false,
    remedy: 'Watch without "after", then read the operations anew.',
    exitCode: 1,
  },
  user_not_found: {
    number: 'BackupSync.1041',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the name; "backup-sync users list" lists what there is.',
    exitCode: 1,
  },
  user_name_taken: {
    number: 'BackupSync.1042',
    httpStatus: 409,
    retryable: false,
    remedy: 'Give the user another name.',
    exitCode: 1,
  },
  last_administrator: {
    number: 'BackupSync.1043',
    httpStatus: 409,
    retryable: false,
    remedy: 'Make another user administrator first.',
    exitCode: 1,
  },
  project_not_found: {
    number: 'BackupSync.1044',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id; "backup-sync projects list" lists what there is.',
    exitCode: 1,
  },
  project_name_taken: {
    number: 'BackupSync.1045',
    httpStatus: 409,
    retryable: false,
    remedy: 'Give the project another name.',
    exitCode: 1,
  },
  role_not_found: {
    number: 'BackupSync.1046',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check user and project; "backup-sync users list" lists the roles.',
    exitCode: 1,
  },
  bucket_grant_not_found: {
    number: 'BackupSync.1047',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check project, bucket and prefix; "backup-sync buckets list" lists what is granted.',
    exitCode: 1,
  },
  access_key_not_found: {
    number: 'BackupSync.1048',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the key; "backup-sync access-keys list" lists what there is.',
    exitCode: 1,
  },
  identity_elsewhere: {
    number: 'BackupSync.1049',
    httpStatus: 409,
    retryable: false,
    remedy: 'Use the identity service that the message names.',
    exitCode: 1,
  },
  backup_busy: {
    number: 'BackupSync.1013',
    httpStatus: 409,
    retryable: true,
    remedy: 'Wait until the operation named in the message has ended.',
    exitCode: 1,
  },
  throttled: {
    number: 'BackupSync.1014',
    httpStatus: 429,
    retryable: true,
    remedy: 'Wait as long as Retry-After says.',
    exitCode: 1,
  },
  backlog_full: {
    number: 'BackupSync.1057',
    httpStatus: 429,
    retryable: true,
    remedy: 'Wait as long as Retry-After says, then send the same backups again. Nothing of this call was accepted.',
    exitCode: 1,
  },
  unavailable: {
    number: 'BackupSync.1015',
    httpStatus: 503,
    retryable: true,
    remedy: 'Wait as long as Retry-After says, then call again.',
    exitCode: 5,
  },
  catalogue_full: {
    number: 'BackupSync.1056',
    httpStatus: 503,
    retryable: true,
    remedy: 'Free space on the disk of the data directory, then call again. The server need not be restarted.',
    exitCode: 1,
  },
  internal: {
    number: 'BackupSync.1016',
    httpStatus: 500,
    retryable: true,
    remedy: 'Call again; if it happens again, report it with the X-Request-Id of the answer.',
    exitCode: 1,
  },
  unreachable: {
    number: 'BackupSync.1901',
    httpStatus: 503,
    retryable: true,
    remedy: 'Check the endpoint, and that the server runs.',
    exitCode: 5,
  },
  connect_timeout: {
    number: 'BackupSync.1907',
    httpStatus: 503,
    retryable: true,
    remedy: 'Check the endpoint, and the network and firewalls on the way to it.',
    exitCode: 5,
  },
  response_timeout: {
    number: 'BackupSync.1908',
    httpStatus: 503,
    retryable: true,
    remedy:
      'Check that the server is working. If the call changes something, look whether it did before you repeat it.',
    exitCode: 5,
  },
  unexpected_answer: {
    number: 'BackupSync.1902',
    httpStatus: 502,
    retryable: false,
    remedy: 'Check that the endpoint is a CBR-compatible service.',
    exitCode: 5,
  },
  refused: {
    number: 'BackupSync.1903',
    httpStatus: 400,
    retryable: false,
    remedy: 'See the message of the service.',
    exitCode: 1,
  },
  aborted: {
    number: 'BackupSync.1904',
    httpStatus: 503,
    retryable: true,
    remedy: 'Call again to go on; what was accepted is kept.',
    exitCode: 130,
  },
  not_supported: {
    number: 'BackupSync.1905',
    httpStatus: 400,
    retryable: false,
    remedy: 'Use an endpoint of backup-sync: other services do not have this operation.',
    exitCode: 1,
  },
  deadline_passed: {
    number: 'BackupSync.1906',
    httpStatus: 503,
    retryable: true,
    remedy: 'Wait again, with a later deadline: the operations go on.',
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof errors;
export const errorCodes = Object.keys(errors) as [ErrorCode, ...ErrorCode[]];

/** The code that has this permanent number, if one has. */
export function errorCodeOf(number: string): ErrorCode | undefined {
  return errorCodes.find((code) => errors[code].number === number);
}

/** One thing wrong with a request: where, and what. */
export const problem = z.object({
  place: z.string().meta({ description: 'Field, e.g. sync[3].backup_name.' }),
  message: z.string(),
});
export type Problem = z.infer<typeof problem> & {
  /** The item of a list that is meant, as the client that was given the list tells. Not sent by a service. */
  readonly item?: ListedItem;
};

/** An item by its place in a list and by its backup; null if it names none. */
export type ListedItem = { readonly index: number; readonly backup_id: string | null };

/** What a client makes itself is never sent. */
const sentNumbers = errorCodes
  .map((code) => errors[code].number)
  .filter((number) => !number.startsWith('BackupSync.19'));

/** Body of every refusal, in CBR's form. */
export const errorBody = z
  .object({
    error_code: z.string().meta({ examples: ['BackupSync.1001'], enum: sentNumbers }),
    error_msg: z.string(),
    message: z.string().meta({ description: 'The same as error_msg, under the name that clients of OpenStack read.' }),
    request_id: z.string(),
    remedy: z.string(),
    problems: z.array(problem).optional(),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof errorBody>;

/** Neighbours in a list, by their index; `last` is one of them. */
export type IndexRange = { readonly first: number; readonly last: number };

/** How far a list came that was sent in several calls, before it failed. */
export type ListProgress = {
  /** Items that the service has accepted, in rising order. */
  readonly accepted: readonly IndexRange[];
  /** Items that were sent, and not accepted; where no answer came, they may have been. In rising order. */
  readonly failed: readonly IndexRange[];
  /** Index of the first item that was not sent; all that follow it were not either. */
  readonly unsentFrom: number;
};

/** A call was refused. The message is meant for the caller: it never carries what an unknown fault said. */
export class BackupSyncError extends Error {
  override readonly name = 'BackupSyncError';
  readonly code: ErrorCode;
  /** Every problem of an invalid request with its place; empty for other codes. */
  readonly problems: readonly Problem[];
  /** Where a list of items failed on the way: which were accepted, and which not. Null elsewhere. */
  readonly progress: ListProgress | null;
  /** How long the caller should wait, milliseconds; null where it is not known. */
  readonly retryAfterMs: number | null;
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean;
  /** HTTP status of the answer; null if a client has none: nothing answered, or nothing was sent. */
  readonly status: number | null;
  /** By which whoever runs the service finds the call; null if no answer named it. */
  readonly requestId: string | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      problems?: readonly Problem[];
      progress?: ListProgress | null;
      retryAfterMs?: number | null;
      status?: number | null;
      requestId?: string | null;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
    this.progress = options.progress ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.retryable = errors[code].retryable;
    this.status = options.status ?? null;
    this.requestId = options.requestId ?? null;
  }
}
