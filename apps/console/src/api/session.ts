import type {
  ConsoleProjectsAnswer,
  ConsoleSession,
  ConsoleSessionAnswer,
  Role,
  SignInRequest,
  SwitchProjectRequest,
} from '@backup-sync/contracts';
import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { UnreachableError } from './failure.ts';
import { forgetKeptWork } from './kept-work.ts';
import { addressOf, consoleHeader } from './places.ts';
import { queryClient } from './query-client.ts';
import { readAnswer } from './read-answer.ts';

/** The session of this browser. Fails with `not_authenticated` if there is none. */
export const sessionOptions = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => ask<ConsoleSessionAnswer>('session', { signal }).then(({ session }) => session),
  staleTime: 60_000,
});

/** The projects that the user may switch to. */
export const projectsOptions = queryOptions({
  queryKey: ['projects'],
  queryFn: ({ signal }) => ask<ConsoleProjectsAnswer>('projects', { signal }).then(({ projects }) => projects),
  staleTime: 60_000,
});

export async function signIn(credentials: SignInRequest): Promise<void> {
  const { session } = await ask<ConsoleSessionAnswer>('session', { method: 'POST', body: credentials });
  queryClient.clear();
  queryClient.setQueryData(sessionOptions.queryKey, session);
}

/** Ends the session. Nothing of it stays in this page, even if the server does not answer: then this throws. */
export async function signOut(): Promise<void> {
  forgetKeptWork();
  try {
    await ask('session', { method: 'DELETE' });
  } catch (thrown) {
    // The frame of the page stays, and says that the session may not have ended.
    void queryClient.resetQueries({ predicate: ({ queryKey: [name] }) => name !== sessionOptions.queryKey[0] });
    throw thrown;
  }
  queryClient.clear();
}

/** Switches to another project. The password is for identity services that do not exchange tokens. */
export async function switchProject(projectId: string, password?: string): Promise<void> {
  const body: SwitchProjectRequest = { project_id: projectId, ...(password !== undefined && { password }) };
  const { session } = await ask<ConsoleSessionAnswer>('session/project', { method: 'PUT', body });
  forgetKeptWork();
  // Screens follow the query of the session. It is kept, because a removed query tells nobody about changes.
  queryClient.setQueryData(sessionOptions.queryKey, session);
  const kept: readonly unknown[] = [sessionOptions.queryKey[0], projectsOptions.queryKey[0]];
  queryClient.removeQueries({ predicate: ({ queryKey: [name] }) => !kept.includes(name) });
}

/** The session, in a page that is shown only with one. */
export function useSession(): ConsoleSession {
  return useSuspenseQuery(sessionOptions).data;
}

/** Id of the project in which the page acts. */
export function useProjectId(): string {
  return useSession().project_id;
}

const rolesInOrder: readonly Role[] = ['reader', 'operator', 'administrator'];

/** Whether the user may do what needs this role. What they may not do is not offered. */
export function useMay(needed: Role): boolean {
  const session = useQuery(sessionOptions).data;
  return session !== undefined && rolesInOrder.indexOf(session.role) >= rolesInOrder.indexOf(needed);
}

type Asked = { readonly method?: string; readonly body?: unknown; readonly signal?: AbortSignal };

/** Sends a request to the console's own door, and reads the answer. */
async function ask<Answer>(path: string, { method = 'GET', body, signal }: Asked): Promise<Answer> {
  const response = await fetch(addressOf(path), {
    method,
    headers: { ...consoleHeader, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  }).catch((cause: unknown) => {
    // Of a request that is no longer wanted, too: nobody reads its error.
    throw new UnreachableError('no answer', { cause });
  });
  return readAnswer(response);
}
