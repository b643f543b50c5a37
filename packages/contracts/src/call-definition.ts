import type { z } from 'zod';
import type { ErrorCode } from './error-code.ts';
import type { projectId } from './fields.ts';
import type { Role } from './identity.ts';

/** One call of the API, the same for every interface. */
export type CallDefinition = {
  /** What the call does: a verb phrase under 80 characters, without a period. */
  readonly summary: string;
  /** Additional facts for the caller, in sentences. */
  readonly details?: string;
  /** `query` reads, `mutation` changes, `stream` sends events until it is closed: over REST as server-sent events. */
  readonly kind: 'query' | 'mutation' | 'stream';
  /** The lowest role that may make this call. */
  readonly role: Role;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path in REST; `{name}` stands for a field of the input. */
  readonly path: `/${string}`;
  readonly successStatus: 200 | 204;
  /** One flat object. Fields that are not in the path go into the body of a POST, PUT or PATCH, else into the query. */
  readonly input: z.ZodObject<{ project_id: typeof projectId } & z.ZodRawShape>;
  /** Body of the answer, or of each event of a stream; `void` if there is none. */
  readonly output: z.ZodType;
  /** Errors that this call may fail with, in addition to those of every call. */
  readonly refusals?: readonly ErrorCode[];
};

/** Whether a call sends its input as a body. */
export function hasBody({ method }: Pick<CallDefinition, 'method'>): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
