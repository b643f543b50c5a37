import type { CallOutput, VerificationLevel } from '@backup-sync/contracts';
import type { Calls } from '@backup-sync/core';
import { sourceNamed } from './sources.ts';

export type WantedResources = {
  readonly level: VerificationLevel;
  /** Name or id of a source. */
  readonly source?: string;
  /** Id of a resource. */
  readonly resource?: string;
};

/** Lists resources with the newest proved backup of each, a thousand per call, however many backups there are. */
export async function allResources(
  calls: Pick<Calls, 'listResources' | 'listSources'>,
  { level, source, resource }: WantedResources,
  signal: AbortSignal,
): Promise<CallOutput<'listResources'>> {
  const source_id = source === undefined ? undefined : (await sourceNamed(calls, source, signal)).id;
  const filter = { level, source_id, resource_id: resource };
  const all: CallOutput<'listResources'>['resources'] = [];
  while (true) {
    const answer = await calls.listResources({ ...filter, marker: all.at(-1)?.resource_id }, { signal });
    all.push(...answer.resources);
    if (answer.resources.length < answer.limit) return { ...answer, resources: all };
  }
}
