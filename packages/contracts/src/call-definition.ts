import type { z } from 'zod';
import type { ErrorCode } from './error-code.ts';
import type { projectId } from './fields.ts';
import type { Role } from './identity.ts';

/** One call of the API, as every door offers it. */
export type CallDefinition = {
  readonly summary: string;
  /** `query` reads, `mutation` changes, `stream` goes on answering: over REST as server-sent events. */
  readonly kind: 'query' | 'mutation' | 'stream';
  /** The least role that may call it. */
  readonly role: Role;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path in REST; `{name}` is a field of the input. */
  readonly path: `/${string}`;
  readonly successStatus: 200 | 204;
  /** One flat object: what the path does not carry is the body of a POST, PUT or PATCH, else the query. */
  readonly input: z.ZodObject<{ project_id: typeof projectId } & z.ZodRawShape>;
  /** The answer's body, of a stream that of each event; `void` where there is none. */
  readonly output: z.ZodType;
  /** Why it may be refused beside what every call may be refused for. */
  readonly refusals?: readonly ErrorCode[];
};

/** Whether a call sends its input as a body. */
export function hasBody({ method }: Pick<CallDefinition, 'method'>): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
