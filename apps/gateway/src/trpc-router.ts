import {
  BackupSyncError,
  type CallName,
  callNames,
  calls,
  type ErrorCode,
  errors,
  isStream,
  type StreamName,
  type UnaryCallName,
} from '@backup-sync/contracts';
import type { Caller, CallFrom, Engine } from '@backup-sync/engine';
import type { ErrorShape, Procedures } from '@backup-sync/trpc';
import { initTRPC, TRPCError, tracked } from '@trpc/server';
import type { z } from 'zod';
import { refuseDeepJson } from './json-body.ts';
import { heartbeatMs, openStream } from './open-stream.ts';
import { refusalOf } from './refusal.ts';

/** Context of a procedure. */
export type TrpcContext = {
  readonly engine: Engine;
  readonly from: Omit<CallFrom, 'caller'>;
  /** The caller, the same for all calls of a batch. */
  readonly caller: Caller;
  /** Checks the credentials again and returns the caller. */
  readonly authenticateAnew: () => Promise<Caller>;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
};

const statusNames = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_REQUESTS',
  // tRPC has no name for this status. Such a request is refused before any procedure.
  431: 'BAD_REQUEST',
  500: 'INTERNAL_SERVER_ERROR',
  501: 'NOT_IMPLEMENTED',
  502: 'BAD_GATEWAY',
  503: 'SERVICE_UNAVAILABLE',
} as const;

const trpc = initTRPC.context<TrpcContext>().create({
  // A stack trace never leaves the process.
  isDev: false,
  sse: {
    ping: { enabled: true, intervalMs: heartbeatMs },
    client: { reconnectAfterInactivityMs: 2 * heartbeatMs },
  },
  errorFormatter({ shape, error, ctx }): ErrorShape {
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
        requestId: ctx?.from.requestId ?? null,
      },
    };
  },
});

/** Our codes for requests that tRPC itself refuses before a procedure runs. */
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
  if (error.cause instanceof SyntaxError) return new BackupSyncError('malformed_json', 'the input is not JSON');
  return new BackupSyncError(code, error.message);
}

// The engine validates the input, as for every interface.
const anyInput = trpc.procedure.input((value: unknown) => {
  refuseDeepJson(value);
  return value;
});

function procedure(name: CallName) {
  return isStream(name) ? subscription(name) : call(name);
}

function call(name: UnaryCallName) {
  const definition = calls[name];
  const base = anyInput.output(definition.output as z.ZodType);
  const resolve = async ({ ctx, input }: { ctx: TrpcContext; input: unknown }): Promise<unknown> => {
    try {
      return await ctx.engine.call(name, { caller: ctx.caller, ...ctx.from }, input);
    } catch (thrown) {
      throw refusalForTrpc(thrown);
    }
  };
  return definition.kind === 'query' ? base.query(resolve) : base.mutation(resolve);
}

function subscription(name: StreamName) {
  const { output } = calls[name];
  return anyInput.subscription(async function* ({ ctx, input, signal }) {
    try {
      const request = {
        from: ctx.from,
        authenticate: ctx.authenticateAnew,
        signal: signal === undefined ? ctx.stopping : AbortSignal.any([signal, ctx.stopping]),
      };
      const stream = await openStream(ctx.engine, name, request, resumed(input));
      for await (const { id, data } of stream.events) yield tracked(id, output.parse(data));
    } catch (thrown) {
      // A reader that has disconnected needs no reason.
      if (signal?.aborted !== true) throw refusalForTrpc(thrown);
    }
  });
}

/** Uses the `lastEventId` of a client that reconnects, which is newer than its original `after`. */
function resumed(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || !('lastEventId' in input)) return input;
  return { ...input, after: input.lastEventId };
}

/** Turns any thrown value into the error that tRPC expects. */
export function refusalForTrpc(thrown: unknown): TRPCError {
  const { error } = refusalOf(thrown);
  return new TRPCError({ code: statusNames[errors[error.code].httpStatus], message: error.message, cause: thrown });
}

/**
 * The tRPC router: one procedure per call of the table, by name. Clients use its type `AppRouter` of
 * `@backup-sync/trpc`.
 */
export const appRouter = trpc.router(
  // Built from the table of calls, whose types describe the input and output of each procedure.
  Object.fromEntries(callNames.map((name) => [name, procedure(name)])) as unknown as Procedures,
);
