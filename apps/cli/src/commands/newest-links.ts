import type { Resource } from '@backup-sync/contracts';
import type { CallOptions, Calls, CbrBackup, Client } from '@backup-sync/core';

/** The newest available link of a chain: its verification reads every link of the chain. */
export type NewestLink = {
  readonly backupId: string;
  readonly backupName: string;
  readonly resourceName: string;
  /** Links of the chain, this one included. */
  readonly links: number;
  /** Bytes of all objects of the chain. */
  readonly storedBytes: number;
};

/** The backups of a resource, by whether they can be verified. */
export type ResourceChains = {
  readonly newest: readonly NewestLink[];
  /** Backups of a format that is not read: there is nothing to compare their data with. */
  readonly unreadFormat: number;
  readonly inError: number;
};

/** Which resources to verify: all of the project, one, or those that a source has seen. */
export type ResourceScope = { readonly resource_id?: string; readonly source_id?: string };

type Link = { readonly parentId: string | null; readonly storedBytes: number };

/** Yields the chains, one resource after the other: memory is bounded by the backups of the largest resource. */
export async function* resourceChains(
  client: Pick<Client, 'allBackups'> & { readonly calls: Pick<Calls, 'listResources'> },
  scope: ResourceScope,
  options: CallOptions,
): AsyncGenerator<ResourceChains> {
  const { source_id } = scope;
  for await (const resource of resourcesOf(client.calls, scope, options)) {
    const { resource_id } = resource;
    const ofSource = source_id === undefined ? {} : { vault_id: source_id };
    const backups = client.allBackups({ resource_id, status: 'available', ...ofSource }, options);
    yield chainsOf(resource, await Array.fromAsync(backups, partsOf));
  }
}

async function* resourcesOf(
  calls: Pick<Calls, 'listResources'>,
  scope: ResourceScope,
  options: CallOptions,
): AsyncGenerator<Resource> {
  let marker: string | undefined;
  while (true) {
    const page = await calls.listResources({ ...scope, ...(marker !== undefined && { marker }) }, options);
    yield* page.resources;
    marker = page.resources.at(-1)?.resource_id;
    if (marker === undefined || page.resources.length < page.limit) return;
  }
}

type Parts = Link & { readonly id: string; readonly name: string; readonly isRead: boolean };

/** Keeps only the needed fields of a backup. */
function partsOf({ id, name, parent_id: parentId, backup_sync: own }: CbrBackup): Parts {
  const isRead = own !== null && own.format !== 'unknown' && own.ceiling !== 'presence';
  return { id, name, parentId, isRead, storedBytes: own?.evidence.stored_bytes ?? 0 };
}

function chainsOf({ resource_name, backups: recorded }: Resource, backups: readonly Parts[]): ResourceChains {
  const links = new Map<string, Link>(backups.map((backup) => [backup.id, backup]));
  const parents = new Set(backups.map(({ parentId }) => parentId));
  const newest = backups.filter(({ id, isRead }) => isRead && !parents.has(id));
  return {
    newest: newest.map((backup) => ({
      backupId: backup.id,
      backupName: backup.name,
      resourceName: resource_name,
      ...sizeOf(links, backup),
    })),
    unreadFormat: backups.filter(({ isRead }) => !isRead).length,
    inError: Math.max(0, recorded - backups.length),
  };
}

function sizeOf(links: ReadonlyMap<string, Link>, newest: Link): Pick<NewestLink, 'links' | 'storedBytes'> {
  let count = 0;
  let storedBytes = 0;
  // A chain cannot have more links than there are backups: this ends a circle of parents.
  for (let link: Link | undefined = newest; link !== undefined && count < links.size; ) {
    count += 1;
    storedBytes += link.storedBytes;
    link = link.parentId === null ? undefined : links.get(link.parentId);
  }
  return { links: count, storedBytes };
}
