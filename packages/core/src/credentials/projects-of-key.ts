import { BackupSyncError } from '@backup-sync/contracts';
import { z } from 'zod';
import type { CallOptions } from '../calls.ts';
import { parseEndpoint, urlOf } from '../http/endpoint.ts';
import type { HttpOptions } from '../http/exchange.ts';
import { traceOf } from '../http/trace.ts';
import { Transport } from '../http/transport.ts';
import { systemRuntime } from '../runtime.ts';
import type { AccessKey } from '../signing/sign-request.ts';
import { byAccessKey } from './authorization.ts';

/** The parts of the answer that are needed. Clouds return more. */
const projectsAnswer = z.object({ projects: z.array(z.object({ id: z.string(), name: z.string() })) });

/**
 * Returns the projects that an access key can use, by `GET /v3/projects`, as the official SDKs do. A backup-sync
 * returns one project. For a cloud, `endpoint` is its identity service. Throws `BackupSyncError`: `not_authenticated`
 * for a wrong key.
 */
export async function projectsOfKey(
  endpoint: string,
  key: AccessKey,
  { signal, ...http }: CallOptions & HttpOptions = {},
): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const url = urlOf(parseEndpoint(endpoint), '/v3/projects');
  const transport = new Transport(byAccessKey(key, null, systemRuntime), systemRuntime, http);
  const answer = await transport.call({ method: 'GET', url, repeatable: true, signal });
  const parsed = projectsAnswer.safeParse(answer.body);
  if (parsed.success) return parsed.data.projects;
  throw new BackupSyncError('unexpected_answer', `the answer of ${url.origin} has no list of projects`, {
    cause: parsed.error,
    ...traceOf(answer),
  });
}
