import { BackupSyncError, type CallInput, type CallOutput, type VerificationLevel } from '@backup-sync/contracts';
import type { Calls } from '@backup-sync/core';
import { sourceNamed } from './sources.ts';

export type WantedResources = {
  readonly level: VerificationLevel;
  /** Name or id of a source. */
  readonly source?: string;
  /** Id of a resource. */
  readonly resource?: string;
  /** Whether backups proved to their ceiling count, though it is below the level. */
  readonly acceptsCeiling?: boolean;
  /** Default: by id. */
  readonly sort?: CallInput<'listResources'>['sort'];
};

const ordersOnlyById =
  'the server is of an earlier release, which lists resources only by id: upgrade it, or leave out --sort worst';

/**
 * Lists resources with the newest proved backup of each, a thousand per call, however many backups there are.
 * Throws `not_supported` if the server cannot list them in this order.
 */
export async function allResources(
  calls: Pick<Calls, 'listResources' | 'listSources'>,
  { level, source, resource, sort, acceptsCeiling }: WantedResources,
  signal: AbortSignal,
): Promise<CallOutput<'listResources'>> {
  const source_id = source === undefined ? undefined : (await sourceNamed(calls, source, signal)).id;
  const filter = { level, source_id, resource_id: resource, sort, accept_ceiling: acceptsCeiling };
  const all: CallOutput<'listResources'>['resources'] = [];
  let marker: string | undefined;
  while (true) {
    const answer = await calls.listResources({ ...filter, marker }, { signal });
    if (sort === 'worst' && answer.sort !== sort) throw new BackupSyncError('not_supported', ordersOnlyById);
    all.push(...answer.resources);
    // Servers of earlier releases page by id, and send no next_marker.
    const isFull = answer.resources.length === answer.limit;
    const next = sort === 'worst' ? answer.next_marker : isFull ? all.at(-1)?.resource_id : null;
    if (next === null || next === undefined) return { ...answer, resources: all };
    marker = next;
  }
}
