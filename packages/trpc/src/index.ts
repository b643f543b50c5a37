/**
 * The type of the tRPC router at `/trpc`, for `createTRPCClient<AppRouter>`. It follows from the table of calls, and
 * the gateway checks its router against it, so that a client needs nothing of the server to be typed.
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

/** One procedure for each call of the table, under its name. */
export type Procedures = {
  readonly [Name in CallName]: ProcedureOf<Name, (typeof calls)[Name]['kind']>;
};

type ProcedureOf<Name extends CallName, Kind> = Kind extends 'query'
  ? TRPCQueryProcedure<Types<Name>>
  : Kind extends 'mutation'
    ? TRPCMutationProcedure<Types<Name>>
    : TRPCSubscriptionProcedure<Types<Name, AsyncIterable<{ id: string; data: CallOutput<Name> }>>>;

/** What a refused call carries, as `data` of a `TRPCClientError`. */
export type ErrorData = TRPCDefaultErrorData & {
  readonly errorCode: ErrorCode;
  /** Permanent, as `BackupSync.1001`. */
  readonly number: string;
  /** What to do about it. */
  readonly remedy: string;
  /** Every problem of an invalid request with its place; empty for other codes. */
  readonly problems: readonly Problem[];
  /** By which whoever runs the server finds the call. */
  readonly requestId: string | null;
};

export type ErrorShape = Omit<TRPCDefaultErrorShape, 'data'> & { readonly data: ErrorData };

/** For clients: `createTRPCClient<AppRouter>(…)`. */
export type AppRouter = TRPCBuiltRouter<
  { ctx: unknown; meta: object; errorShape: ErrorShape; transformer: false },
  Procedures
>;
