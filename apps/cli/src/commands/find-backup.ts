import { BackupSyncError } from '@backup-sync/contracts';
import type { CallOptions, Calls, CbrBackup } from '@backup-sync/core';
import { AmbiguousNameError, UsageError } from '../failure.ts';
import { madeText } from './backups.ts';

/** A reference to one backup, as a person gives it: an id, a name, or a resource. */
export type BackupReference =
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'of resource'; readonly resource: string; readonly latest: boolean };

type Catalogue = Pick<Calls, 'showBackup' | 'listBackups' | 'listResources'>;

type FindOptions = CallOptions & {
  /** Receives a message if a backup is chosen instead of a newer one, and why. */
  readonly onPassedOver: (message: string) => void;
};

/** Minimum length of the beginning of an id. */
export const leastPrefix = 4;
/** Maximum number of candidates shown. */
const shownMax = 20;

/** Builds the reference from the argument and options of a command. Throws {@link UsageError}. */
export function referenceOf(
  name: string | undefined,
  { resource, latest = false }: { readonly resource?: string | undefined; readonly latest?: boolean | undefined },
): BackupReference {
  if (resource === undefined) {
    if (latest) throw new UsageError('--latest needs a resource: add --resource');
    if (name === undefined) throw new UsageError('no backup is given: name one, or give --resource and --latest');
    return { kind: 'named', name };
  }
  if (name !== undefined) throw new UsageError('both a backup and --resource are given: leave one out');
  return { kind: 'of resource', resource, latest };
}

/**
 * Finds the backup of a reference. Throws {@link AmbiguousNameError} with the candidates if it matches several, and
 * `backup_not_found` or `resource_not_found`.
 */
export async function findBackup(
  calls: Catalogue,
  reference: BackupReference,
  options: FindOptions,
): Promise<CbrBackup> {
  if (reference.kind === 'named') return await findNamed(calls, reference.name, options);
  const { id } = await findResource(calls, reference.resource, options);
  return reference.latest
    ? await findLatest(calls, id, options)
    : await findOnly(calls, id, reference.resource, options);
}

/** Like {@link findBackup}, but returns an unknown name unchanged: the call that uses it refuses and audits it. */
export async function findBackupId(
  calls: Catalogue,
  reference: BackupReference,
  options: FindOptions,
): Promise<string> {
  try {
    return (await findBackup(calls, reference, options)).id;
  } catch (error) {
    const isNotFound = error instanceof BackupSyncError && error.code === 'backup_not_found';
    if (isNotFound && reference.kind === 'named') return reference.name;
    throw error;
  }
}

/** Looks for the id first, then for the name, then for the beginning of an id. */
async function findNamed(calls: Catalogue, name: string, { signal }: CallOptions): Promise<CbrBackup> {
  try {
    return (await calls.showBackup({ backup_id: name }, { signal })).backup;
  } catch (error) {
    if (!(error instanceof BackupSyncError) || error.code !== 'backup_not_found') throw error;
  }
  const ofName = await calls.listBackups({ name, sort: 'name:asc', limit: 100 }, { signal });
  const named = onlyOf(ofName, `have the name ${JSON.stringify(name)}`);
  if (named !== null) return named;
  if (name.length >= leastPrefix) {
    const page = await calls.listBackups({ id_prefix: name, sort: 'id:asc', limit: 100 }, { signal });
    // A service that does not have this filter answers with all backups.
    const isFiltered = page.backups.every(({ id }) => id.startsWith(name));
    const begun = isFiltered ? onlyOf(page, `have an id that begins with ${JSON.stringify(name)}`) : null;
    if (begun !== null) return begun;
  }
  throw new BackupSyncError(
    'backup_not_found',
    `no backup has the id or name ${JSON.stringify(name)}, or an id that begins with it` +
      (name.length < leastPrefix ? ` (the beginning must have at least ${leastPrefix} characters)` : ''),
  );
}

type Found = { readonly backups: readonly CbrBackup[]; readonly count: number | null };

/** Null if there is none. Throws {@link AmbiguousNameError} if there are several. */
function onlyOf({ backups, count }: Found, what: string, remedy = 'Name one by its id.'): CbrBackup | null {
  const [first, second] = backups;
  if (first === undefined || second === undefined) return first ?? null;
  const candidates = newestFirst(backups)
    .slice(0, shownMax)
    .map((backup) => ({
      place: backup.id,
      message: `${backup.name} of ${backup.resource_name}, taken ${madeText(backup)}, ${backup.status}`,
    }));
  const total = count ?? backups.length;
  const rest = total > candidates.length ? `; ${candidates.length} of them are shown` : '';
  throw new AmbiguousNameError(`${total} backups ${what}${rest}`, candidates, remedy);
}

function newestFirst(backups: readonly CbrBackup[]): CbrBackup[] {
  return backups.toSorted((one, other) => timeOf(other).localeCompare(timeOf(one)));
}

function timeOf({ backup_sync: own, protected_at: requested }: CbrBackup): string {
  return own?.taken_at ?? requested ?? '';
}

async function findOnly(
  calls: Catalogue,
  resource_id: string,
  resource: string,
  { signal }: CallOptions,
): Promise<CbrBackup> {
  const page = await calls.listBackups({ resource_id, limit: 100 }, { signal });
  const remedy = 'Add --latest for the newest one that is available, or name one by its id.';
  const only = onlyOf(page, `are of resource ${JSON.stringify(resource)}`, remedy);
  if (only !== null) return only;
  throw new BackupSyncError('backup_not_found', `resource ${JSON.stringify(resource)} has no backup`);
}

/** The newest available backup, by the same time as `check`. */
async function findLatest(
  calls: Catalogue,
  resource_id: string,
  { signal, onPassedOver }: FindOptions,
): Promise<CbrBackup> {
  const { resources } = await calls.listResources({ resource_id, level: 'presence' }, { signal });
  const id = resources[0]?.newest_proved_backup_id ?? null;
  if (id === null) {
    throw new BackupSyncError('backup_not_found', `resource ${JSON.stringify(resource_id)} has no available backup`);
  }
  const { backup } = await calls.showBackup({ backup_id: id }, { signal });
  const inError = await calls.listBackups({ resource_id, status: 'error', limit: 100 }, { signal });
  const [broken] = newestFirst(inError.backups);
  if (broken !== undefined && timeOf(broken) > timeOf(backup)) {
    onPassedOver(
      `A newer backup is in error: ${broken.id} (${broken.name}), taken ${madeText(broken)}. ` +
        `Using ${backup.id} (${backup.name}), taken ${madeText(backup)}.`,
    );
  }
  return backup;
}

/** Finds a resource by its id, or else by its name. Throws {@link AmbiguousNameError} and `resource_not_found`. */
export async function findResource(
  calls: Pick<Calls, 'listBackups' | 'listResources'>,
  resource: string,
  { signal }: CallOptions,
): Promise<{ readonly id: string }> {
  const { resources } = await calls.listResources({ resource_id: resource }, { signal });
  if (resources[0] !== undefined) return { id: resource };
  const page = await calls.listBackups({ resource_name: resource, limit: 100 }, { signal });
  const ids = [...new Set(page.backups.map(({ resource_id }) => resource_id))];
  const [id] = ids;
  if (id === undefined) {
    throw new BackupSyncError('resource_not_found', `no backup belongs to a resource ${JSON.stringify(resource)}`);
  }
  const ofFirst = { resource_name: resource, resource_id: id, limit: 1 };
  if (ids.length === 1 && (await calls.listBackups(ofFirst, { signal })).count === page.count) return { id };
  const candidates = ids.slice(0, shownMax).map((place) => ({ place, message: resource }));
  const remedy = 'Give the id of the resource.';
  throw new AmbiguousNameError(`several resources have the name ${JSON.stringify(resource)}`, candidates, remedy);
}
