import {
  BackupSyncError,
  type ErrorCode,
  errors,
  type OperationInput,
  type OperationName,
  type OperationOutput,
  operationNames,
  operations,
} from '@backup-sync/contracts';
import type { Caller, Engine } from '@backup-sync/engine';
import { initTRPC, TRPCError, type TRPCMutationProcedure, type TRPCQueryProcedure } from '@trpc/server';
import type { z } from 'zod';
import { refusalOf } from './refusal.ts';

/** What a procedure gets: the caller is looked up when it is needed, so that one failure answers one call. */
export type TrpcContext = {
  readonly engine: Engine;
  readonly requestId: string;
  readonly authenticate: () => Promise<Caller>;
};

type Procedures = {
  readonly [Name in OperationName]: (typeof operations)[Name]['kind'] extends 'query'
    ? TRPCQueryProcedure<{ input: OperationInput<Name>; output: OperationOutput<Name>; meta: unknown }>
    : TRPCMutationProcedure<{ input: OperationInput<Name>; output: OperationOutput<Name>; meta: unknown }>;
};

const statusNames = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_REQUESTS',
  500: 'INTERNAL_SERVER_ERROR',
  502: 'BAD_GATEWAY',
  503: 'SERVICE_UNAVAILABLE',
} as const;

const trpc = initTRPC.context<TrpcContext>().create({
  // A stack trace never leaves the process.
  isDev: false,
  errorFormatter({ shape, error, ctx }) {
    const refusal = refusalOfTrpc(error);
    const { number, remedy } = errors[refusal.code];
    return {
      ...shape,
      message: refusal.message,
      data: {
        ...shape.data,
        errorCode: refusal.code,
        number,
        remedy,
        problems: refusal.problems,
        requestId: ctx?.requestId ?? null,
      },
    };
  },
});

/** What tRPC itself refuses before a procedure runs, in the codes that every door uses. */
const codeOfTrpc: { readonly [Code in TRPCError['code']]?: ErrorCode } = {
  BAD_REQUEST: 'invalid_request',
  PARSE_ERROR: 'malformed_json',
  NOT_FOUND: 'route_not_found',
  METHOD_NOT_SUPPORTED: 'method_not_allowed',
  PAYLOAD_TOO_LARGE: 'body_too_large',
  UNSUPPORTED_MEDIA_TYPE: 'not_json',
};

function refusalOfTrpc(error: TRPCError): BackupSyncError {
  const code = codeOfTrpc[error.code];
  if (error.cause instanceof BackupSyncError || code === undefined) return refusalOf(error.cause ?? error).error;
  return new BackupSyncError(code, error.message);
}

function procedure(name: OperationName) {
  const definition = operations[name];
  // The engine checks what comes in, as for every door.
  const base = trpc.procedure.input((value: unknown) => value).output(definition.output as z.ZodType);
  const resolve = async ({ ctx, input }: { ctx: TrpcContext; input: unknown }): Promise<unknown> => {
    try {
      const caller = await ctx.authenticate();
      return await ctx.engine.call(name, { caller, requestId: ctx.requestId }, input);
    } catch (thrown) {
      const { error } = refusalOf(thrown);
      const code = statusNames[errors[error.code].httpStatus];
      throw new TRPCError({ code, message: error.message, cause: thrown });
    }
  };
  return definition.kind === 'query' ? base.query(resolve) : base.mutation(resolve);
}

/** One procedure for each operation of the table, under its name. */
export const appRouter = trpc.router(
  // Built from the table, whose types say what each procedure takes and gives.
  Object.fromEntries(operationNames.map((name) => [name, procedure(name)])) as unknown as Procedures,
);

/** For clients: `createTRPCClient<AppRouter>(…)`. */
export type AppRouter = typeof appRouter;
