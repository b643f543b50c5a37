import type { ErrorBody, Problem } from '@backup-sync/contracts';
import type { AppRouter } from '@backup-sync/trpc';
import { TRPCClientError } from '@trpc/client';
import { failures } from '../words/failures.ts';

/** What a person needs to know of a call that failed. */
export type Failure = {
  /** What happened. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The permanent number of the error, such as `BackupSync.1001`; null if no server answered. */
  readonly number: string | null;
  /** With this id, the server's operator finds the call; null if no server answered. */
  readonly requestId: string | null;
  /** Every problem of an invalid request, with its place. */
  readonly problems: readonly Problem[];
  /** Whether the same call may succeed later without a change. */
  readonly passes: boolean;
};

/** A request to the console's own door that was refused. */
export class RefusedError extends Error {
  readonly body: ErrorBody;
  readonly httpStatus: number;

  constructor(body: ErrorBody, httpStatus: number) {
    super(body.error_msg);
    this.body = body;
    this.httpStatus = httpStatus;
  }
}

/** A request to the console's own door that got no answer. */
export class UnreachableError extends Error {}

/** The number of `not_authenticated`. */
const signedOutNumber = 'BackupSync.1005';

/** Describes anything that a call threw. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof RefusedError) {
    const { error_msg: message, error_code: number, request_id: requestId, remedy, problems = [] } = thrown.body;
    return { message, remedy, number, requestId, problems, passes: mayPass(thrown.httpStatus) };
  }
  if (thrown instanceof TRPCClientError) {
    const { message, data } = thrown as TRPCClientError<AppRouter>;
    if (data === undefined || data === null) return unreachable;
    const { number, remedy, requestId, problems, httpStatus } = data;
    return { message, remedy, number, requestId, problems, passes: mayPass(httpStatus) };
  }
  if (thrown instanceof UnreachableError) return unreachable;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { message, remedy: failures.reload, number: null, requestId: null, problems: [], passes: false };
}

/** Whether the session has ended, so that a person must sign in again. */
export function isSignedOut(thrown: unknown): boolean {
  return failureOf(thrown).number === signedOutNumber;
}

/** The number of `password_required`: the identity service does not exchange the session's token for another project. */
const passwordRequiredNumber = 'BackupSync.1071';

/** Whether the password is needed to switch to another project. */
export function isPasswordWanted(thrown: unknown): boolean {
  return failureOf(thrown).number === passwordRequiredNumber;
}

const tooManyCalls = 429;
const faultOfServer = 500;

function mayPass(httpStatus: number): boolean {
  return httpStatus === tooManyCalls || httpStatus >= faultOfServer;
}

const unreachable: Failure = {
  message: failures.unreachable,
  remedy: failures.unreachableRemedy,
  number: null,
  requestId: null,
  problems: [],
  passes: true,
};
