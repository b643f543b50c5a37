import { connectToCatalogue } from '../connect.ts';
import type { Environment } from '../environment.ts';
import { profilePath, readProfiles } from '../profiles.ts';
import type { Candidate } from './suggest.ts';

/** Time limit of a lookup while someone types. */
const patienceMs = 1_500;
const namesMax = 200;

type Options = Readonly<Record<string, string>>;
type Calls = Awaited<ReturnType<typeof connectToCatalogue>>['client']['calls'];

type LookUp = (calls: Calls, signal: AbortSignal) => Promise<Candidate[]>;

const backupIds: LookUp = async (calls, signal) => {
  const page = await calls.listBackups({ limit: namesMax }, { signal });
  return page.backups.map(({ id, name }) => ({ value: id, description: name }));
};

const backups: LookUp = async (calls, signal) => withNames(await backupIds(calls, signal));

const resources: LookUp = async (calls, signal) => {
  const page = await calls.listResources({ limit: namesMax }, { signal });
  return withNames(page.resources.map((each) => ({ value: each.resource_id, description: each.resource_name })));
};

/** Ids and names of things that have both. A name is offered only if it means a single one. */
function withNames(ids: readonly Candidate[]): Candidate[] {
  const counts = Map.groupBy(ids, ({ description: name }) => name);
  const named = ids.filter(({ value, description: name }) => name !== value && counts.get(name)?.length === 1);
  return [...named.map(({ value, description }) => ({ value: description, description: value })), ...ids];
}

const operationIds: LookUp = async (calls, signal) => {
  const { operations: found } = await calls.listOperations({ limit: namesMax }, { signal });
  return found.map(({ id, kind, status, backup_name, bucket_name }) => ({
    value: id,
    description: `${kind} of ${backup_name ?? bucket_name}: ${status}`,
  }));
};

const sources: LookUp = async (calls, signal) => {
  const page = await calls.listSources({}, { signal });
  return page.sources.map(({ name, bucket_name, prefix }) => ({
    value: name,
    description: `${bucket_name}/${prefix}`,
  }));
};

const hooks: LookUp = async (calls, signal) => {
  const page = await calls.listHooks({}, { signal });
  return page.hooks.map(({ name, status }) => ({ value: name, description: status }));
};

/** Lookups of names, by placeholder of the help. */
const lookUps: ReadonlyMap<string, LookUp> = new Map([
  ['backup', backups],
  ['backup-id', backupIds],
  ['resource', resources],
  ['operation', operationIds],
  ['operation-id', operationIds],
  ['source', sources],
  ['hook', hooks],
]);

/**
 * The names for a placeholder, from the server or catalogue of the other options. None if that fails or takes too long.
 */
export async function namesOf(
  placeholder: string,
  options: Options,
  readEnvironment: () => Promise<Environment>,
): Promise<Candidate[]> {
  try {
    const environment = await readEnvironment();
    if (placeholder === 'profile') {
      const profiles = await readProfiles(profilePath(environment));
      return Array.from(profiles, ([value, { endpoint }]) => ({ value, description: endpoint }));
    }
    const lookUp = lookUps.get(placeholder);
    if (lookUp === undefined) return [];
    const { profile, endpoint, project, config, dataDir } = options;
    await using connection = await connectToCatalogue({ profile, endpoint, project, config, dataDir }, environment);
    return await lookUp(connection.client.calls, AbortSignal.timeout(patienceMs));
  } catch {
    // A completing shell cannot show a message; the command itself will report the error.
    return [];
  }
}
