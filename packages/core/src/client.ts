import {
  BackupSyncError,
  type CallName,
  callNames,
  type OperationDefinition,
  operations,
  parseOrRefuse,
  pathFields,
} from '@backup-sync/contracts';
import type { CallOptions, Operations } from './operations.ts';
import { request } from './request.ts';

export type ClientOptions = {
  /** Where the API is, e.g. `http://127.0.0.1:8787`. */
  readonly endpoint: string;
  readonly projectId: string;
  /** The value of `X-Auth-Token`; see {@link issueToken}. */
  readonly token: string;
};

/**
 * The operations of one project over REST. Input is checked before anything is sent; every failure is a
 * `BackupSyncError`.
 */
export function createClient(options: ClientOptions): Operations {
  const endpoint = parseEndpoint(options.endpoint);
  const verbs = callNames.map((name) => [
    name,
    (input: Record<string, unknown>, { signal }: CallOptions = {}) => call(endpoint, options, name, input, signal),
  ]);
  // Built from the table, so it has exactly its verbs.
  return Object.fromEntries(verbs) as Operations;
}

async function call(
  endpoint: URL,
  options: ClientOptions,
  name: CallName,
  input: Record<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const definition: OperationDefinition = operations[name];
  const fields = { ...input, project_id: options.projectId };
  parseOrRefuse(definition.input, fields);
  const { path, rest } = fillPath(definition.path, fields);
  const url = urlOf(endpoint, path);
  if (definition.method !== 'POST') {
    for (const [field, value] of Object.entries(rest))
      if (value !== undefined) url.searchParams.set(field, String(value));
  }
  const answer = await request({
    method: definition.method,
    url,
    token: options.token,
    signal,
    ...(definition.method === 'POST' && { body: rest }),
  });
  const parsed = definition.output.safeParse(definition.successStatus === 204 ? undefined : answer.body);
  if (!parsed.success) {
    throw new BackupSyncError('unexpected_answer', `the answer of ${endpoint.origin} to ${name} is not of this API`, {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

function fillPath(path: string, fields: Record<string, unknown>): { path: string; rest: Record<string, unknown> } {
  const rest = { ...fields };
  let filled = path;
  for (const field of pathFields(path)) {
    filled = filled.replace(`{${field}}`, encodeURIComponent(String(fields[field])));
    delete rest[field];
  }
  return { path: filled, rest };
}

/** A path of the API below an endpoint that may have a path itself. */
export function urlOf(endpoint: URL, path: string): URL {
  return new URL(endpoint.pathname.replace(/\/$/, '') + path, endpoint);
}

/** Throws `invalid_request` for what is not an address of HTTP. */
export function parseEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new BackupSyncError('invalid_request', `endpoint: "${endpoint}" is not an address like https://host:port`);
  }
  return url;
}
