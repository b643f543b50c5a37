/**
 * The type of the tRPC router at `/trpc`, for `createTRPCClient<AppRouter>`. It is derived from the table of calls, and
 * the gateway checks its router against it. A typed client therefore needs no code of the server.
 */
import type { CallInput, CallName, CallOutput, calls, ErrorCode, Problem } from '@backup-sync/contracts';
import type {
  TRPCBuiltRouter,
  TRPCDefaultErrorData,
  TRPCDefaultErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from '@trpc/server';

type Types<Name extends CallName, Output = CallOutput<Name>> = {
  input: CallInput<Name>;
  output: Output;
  meta: unknown;
};

/** One procedure for each call of the table, by name. */
export type Procedures = {
  readonly [Name in CallName]: ProcedureOf<Name, (typeof calls)[Name]['kind']>;
};

type ProcedureOf<Name extends CallName, Kind> = Kind extends 'query'
  ? TRPCQueryProcedure<Types<Name>>
  : Kind extends 'mutation'
    ? TRPCMutationProcedure<Types<Name>>
    : TRPCSubscriptionProcedure<Types<Name, AsyncIterable<{ id: string; data: CallOutput<Name> }>>>;

/** The `data` of a `TRPCClientError` when a call fails. */
export type ErrorData = TRPCDefaultErrorData & {
  readonly errorCode: ErrorCode;
  /** Permanent number, such as `BackupSync.1001`. */
  readonly number: string;
  /** What to do about it. */
  readonly remedy: string;
  /** Every problem of an invalid request, with its place. Empty for other codes. */
  readonly problems: readonly Problem[];
  /** Id with which the server's operator finds the call; null if there is none. */
  readonly requestId: string | null;
};

export type ErrorShape = Omit<TRPCDefaultErrorShape, 'data'> & { readonly data: ErrorData };

/** Type of the router, for `createTRPCClient<AppRouter>(…)`. */
export type AppRouter = TRPCBuiltRouter<
  { ctx: unknown; meta: object; errorShape: ErrorShape; transformer: false },
  Procedures
>;
