import {
  BackupSyncError,
  invalidField,
  isInEnterpriseProject,
  type VaultFilter,
  vaultResourcesMax,
} from '@backup-sync/contracts';
import { hasItem } from '../catalogue/operation-records.ts';
import type { SourceContents, SourceRecord } from '../catalogue/source-records.ts';
import type { QueryServices } from '../services.ts';
import type { QueryHandler } from './call-context.ts';
import { checkpointView, holdsObjectType, vaultNotFound, vaultView } from './vault-view.ts';

/** Lists the sources as CBR's vaults. The filters are described where they are defined. */
export const listVaults: QueryHandler<'listVaults'> = async (context, input) => {
  const { services } = context;
  const { limit, offset, marker } = input;
  const all = await services.catalogue.sources.listSources(input.project_id);
  const last = marker === undefined ? null : all.find(({ id }) => id === marker);
  if (last === undefined) throw invalidField('marker', `there is no vault ${marker}`);
  const matching = asksForWhatIsNotHere(input) ? [] : await applyFilter(services, all, input);
  const isBehind = (source: SourceRecord) => last === null || all.indexOf(source) > all.indexOf(last);
  const start = last === null ? offset : 0;
  const page = matching.filter(isBehind).slice(start, start + limit);
  const contents = await contentsById(services, page, vaultResourcesMax);
  const vaults = page.flatMap((source) => {
    const own = contents.get(source.id);
    return own === undefined ? [] : [vaultView(source, own)];
  });
  return { vaults, count: matching.length, limit, offset };
};

function asksForWhatIsNotHere(filter: VaultFilter): boolean {
  return (
    filter.policy_id !== undefined ||
    !isInEnterpriseProject(filter.enterprise_project_id) ||
    (filter.cloud_type ?? 'hybrid') !== 'hybrid' ||
    (filter.protect_type ?? 'backup') !== 'backup' ||
    (filter.status ?? 'available') !== 'available'
  );
}

async function applyFilter(
  services: QueryServices,
  sources: readonly SourceRecord[],
  { project_id: projectId, id, name, object_type: objectType, resource_ids: resourceIds }: VaultFilter,
): Promise<readonly SourceRecord[]> {
  let matching = sources.filter((source) => (id ?? source.id) === source.id && (name ?? source.name) === source.name);
  if (resourceIds !== undefined) {
    const having = await services.catalogue.sources.sourcesOfResources(
      projectId,
      matching.map((source) => source.id),
      resourceIds,
    );
    matching = matching.filter((source) => having.includes(source.id));
  }
  if (objectType !== undefined) {
    const contents = await contentsById(services, matching, 0);
    matching = matching.filter((source) => {
      const own = contents.get(source.id);
      return own !== undefined && holdsObjectType(own, objectType);
    });
  }
  return matching;
}

async function contentsById(
  { catalogue }: QueryServices,
  sources: readonly SourceRecord[],
  resourcesMax: number,
): Promise<ReadonlyMap<string, SourceContents>> {
  const ids = sources.map(({ id }) => id);
  const contents = await catalogue.sources.contentsOf(ids, resourcesMax);
  return new Map(contents.map((each) => [each.sourceId, each]));
}

/** Shows a source as CBR's vault. */
export const showVault: QueryHandler<'showVault'> = async (context, input) => {
  const { catalogue } = context.services;
  const source = await catalogue.sources.showSource(input.project_id, input.vault_id);
  if (source === null) throw vaultNotFound(input.vault_id);
  const [contents] = await catalogue.sources.contentsOf([source.id], vaultResourcesMax);
  if (contents === undefined) throw vaultNotFound(input.vault_id);
  return { vault: vaultView(source, contents) };
};

/** Shows the run of a source as CBR's checkpoint. */
export const showCheckpoint: QueryHandler<'showCheckpoint'> = async (context, input) => {
  const { catalogue } = context.services;
  const { project_id: projectId, checkpoint_id: id } = input;
  const run = await catalogue.operations.showOperation(projectId, id);
  if (run === null || hasItem(run) || run.sourceId === null) {
    throw new BackupSyncError('checkpoint_not_found', `there is no checkpoint ${id}: no run of a source has this id`);
  }
  const source = await catalogue.sources.showSource(projectId, run.sourceId);
  const contents = await catalogue.sourceRuns.contentsOfRun(projectId, id, vaultResourcesMax);
  return { checkpoint: checkpointView(run, { id: run.sourceId, name: source?.name ?? null }, contents) };
};
