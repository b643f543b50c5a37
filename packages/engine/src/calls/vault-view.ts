import {
  BackupSyncError,
  type Checkpoint,
  describeReason,
  hasEnded,
  toGigabytes,
  toMegabytes,
  toWireTime,
  type Vault,
  vaultObjectTypes,
} from '@backup-sync/contracts';
import type { SingleOperation } from '../catalogue/operation-records.ts';
import type { ContainedResource, RunContents, SourceContents, SourceRecord } from '../catalogue/source-records.ts';

/** Converts a source to CBR's vault. */
export function vaultView(source: SourceRecord, contents: SourceContents): Vault {
  return {
    id: source.id,
    name: source.name,
    description: null,
    project_id: source.projectId,
    provider_id: null,
    created_at: toWireTime(source.createdAtMs),
    enterprise_project_id: '0',
    user_id: null,
    auto_bind: false,
    auto_expand: false,
    bind_rules: null,
    resources: contents.resources.map(resourceOfVault),
    tags: [],
    billing: {
      allocated: 0,
      charging_mode: 'post_paid',
      cloud_type: 'hybrid',
      consistent_level: 'crash_consistent',
      frozen_scene: null,
      object_type: objectTypeOf(contents),
      order_id: null,
      product_id: null,
      protect_type: 'backup',
      size: 0,
      spec_code: 'vault.hybrid.server.normal',
      status: 'available',
      storage_unit: source.bucketName,
      used: toMegabytes(contents.storedBytes),
    },
  };
}

/** Converts the run of a source to CBR's checkpoint. */
export function checkpointView(
  run: SingleOperation,
  source: { readonly id: string; readonly name: string | null },
  contents: RunContents,
): Checkpoint {
  return {
    id: run.id,
    project_id: run.projectId,
    status: hasEnded(run.status) ? (run.status === 'success' ? 'available' : 'error') : 'creating',
    created_at: toWireTime(run.createdAtMs),
    vault: {
      id: source.id,
      name: source.name,
      resources: contents.resources.map(resourceOfVault),
      skipped_resources: contents.skipped.map(({ id, type, name, fault }) => {
        const { number, message } = describeReason(fault.code, fault.detail);
        return { id, type, name, code: number, reason: message };
      }),
    },
    extra_info: { name: null, description: null, retention_duration: null },
  };
}

/** Whether a CBR vault of this object type would contain one of the source's resource types. */
export function holdsObjectType(contents: SourceContents, objectType: string): boolean {
  return objectTypesOf(contents).includes(objectType);
}

function objectTypeOf(contents: SourceContents): string | null {
  const [objectType = null, ...others] = objectTypesOf(contents);
  return others.length > 0 ? null : objectType;
}

function objectTypesOf({ resourceTypes }: SourceContents): readonly string[] {
  return Object.entries(vaultObjectTypes)
    .filter(([, types]) => types.some((type) => resourceTypes.includes(type)))
    .map(([objectType]) => objectType);
}

function resourceOfVault(resource: ContainedResource): Vault['resources'][number] {
  const { id, name, type, volumeBytes, backups, storedBytes, isAvailable } = resource;
  return {
    id,
    name,
    type,
    size: volumeBytes === null ? null : toGigabytes(volumeBytes),
    protect_status: isAvailable ? 'available' : 'error',
    backup_size: toMegabytes(storedBytes),
    backup_count: backups,
    extra_info: null,
  };
}

export function vaultNotFound(vaultId: string): BackupSyncError {
  return new BackupSyncError('vault_not_found', `there is no vault ${vaultId}: no source has this id`);
}
