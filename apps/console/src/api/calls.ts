import type { CallInput, CallName, CallOutput, calls } from '@backup-sync/contracts';
import { queryOptions } from '@tanstack/react-query';
import { client } from './client.ts';

type NameOfKind<Kind extends 'query' | 'mutation'> = {
  [Name in CallName]: (typeof calls)[Name]['kind'] extends Kind ? Name : never;
}[CallName];

export type QueryName = NameOfKind<'query'>;
export type MutationName = NameOfKind<'mutation'>;

/** The input of a call without the project, which is that of the session. */
export type OwnInput<Name extends CallName> = Omit<CallInput<Name>, 'project_id'>;

/** The parts of the client that the functions below use, by the name of a call. */
type Callable<Name extends CallName> = {
  query(input: CallInput<Name>, options: { signal?: AbortSignal }): Promise<CallOutput<Name>>;
  mutate(input: CallInput<Name>): Promise<CallOutput<Name>>;
};

// TypeScript cannot follow that the procedure of a name has the types of that name.
function callable<Name extends CallName>(name: Name): Callable<Name> {
  return client[name] as unknown as Callable<Name>;
}

/**
 * The options of a query: `useQuery(callOptions(projectId, 'listBackups', { status: 'error' }))`. Its key begins with
 * the name of the call and the project.
 */
export function callOptions<Name extends QueryName>(projectId: string, name: Name, input: OwnInput<Name>) {
  return queryOptions<CallOutput<Name>>({
    queryKey: [name, projectId, input],
    queryFn: ({ signal }) => query(projectId, name, input, signal),
  });
}

/** Calls a query once. */
export function query<Name extends QueryName>(
  projectId: string,
  name: Name,
  input: OwnInput<Name>,
  signal?: AbortSignal,
): Promise<CallOutput<Name>> {
  const options = signal === undefined ? {} : { signal };
  return callable(name).query({ ...input, project_id: projectId } as CallInput<Name>, options);
}

/** Calls a mutation. */
export function mutate<Name extends MutationName>(
  projectId: string,
  name: Name,
  input: OwnInput<Name>,
): Promise<CallOutput<Name>> {
  return callable(name).mutate({ ...input, project_id: projectId } as CallInput<Name>);
}
