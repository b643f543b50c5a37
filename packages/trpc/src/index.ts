/**
 * The type of the tRPC router at `/trpc`, for `createTRPCClient<AppRouter>`. It follows from the table of operations, and
 * the gateway checks its router against it, so that a client needs nothing of the server to be typed.
 */
import type {
  ErrorCode,
  OperationInput,
  OperationName,
  OperationOutput,
  operations,
  Problem,
} from '@backup-sync/contracts';
import type {
  TRPCBuiltRouter,
  TRPCDefaultErrorData,
  TRPCDefaultErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from '@trpc/server';

type Types<Name extends OperationName, Output = OperationOutput<Name>> = {
  input: OperationInput<Name>;
  output: Output;
  meta: unknown;
};

/** One procedure for each operation of the table, under its name. */
export type Procedures = {
  readonly [Name in OperationName]: ProcedureOf<Name, (typeof operations)[Name]['kind']>;
};

type ProcedureOf<Name extends OperationName, Kind> = Kind extends 'query'
  ? TRPCQueryProcedure<Types<Name>>
  : Kind extends 'mutation'
    ? TRPCMutationProcedure<Types<Name>>
    : TRPCSubscriptionProcedure<Types<Name, AsyncIterable<{ id: string; data: OperationOutput<Name> }>>>;

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
