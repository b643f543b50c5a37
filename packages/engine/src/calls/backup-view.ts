import {
  type Backup,
  type CallOutput,
  describeFact,
  describeForm,
  describeReason,
  toWireTime,
} from '@backup-sync/contracts';
import type { BackupRecord, RecordedProof } from '../catalogue/backup-records.ts';
import type { QueryServices } from '../services.ts';

const gibibyte = 2 ** 30;

/** Names of sources by id. */
type SourceNames = ReadonlyMap<string | null, string>;

/** Returns the names of the project's sources. Empty if none of the records has a source. */
export async function sourceNames(
  { catalogue }: QueryServices,
  projectId: string,
  records: readonly BackupRecord[],
): Promise<SourceNames> {
  const haveSources = records.some(({ sourceId }) => sourceId !== null);
  const sources = haveSources ? await catalogue.sources.listSources(projectId) : [];
  return new Map(sources.map(({ id, name }) => [id, name]));
}

/** Converts a record to its wire form. */
export function backupView(record: BackupRecord, names: SourceNames): Backup {
  const { listing, location } = record;
  return {
    id: record.backupId,
    name: record.backupName,
    description: null,
    checkpoint_id: record.checkpointId,
    created_at: toWireTime(record.createdAtMs),
    updated_at: toWireTime(record.updatedAtMs),
    protected_at: toWireTime(record.protectedAtS * 1000),
    expired_at: null,
    extend_info: { auto_trigger: false, supported_restore_mode: 'na', support_lld: false },
    image_type: 'sync',
    parent_id: record.parentBackupId,
    project_id: record.projectId,
    enterprise_project_id: null,
    resource_az: null,
    resource_id: record.resourceId,
    resource_name: record.resourceName,
    resource_size: record.volumeBytes === null ? null : Math.ceil(record.volumeBytes / gibibyte),
    resource_type: record.resourceType,
    status: record.status,
    vault_id: record.sourceId,
    vault_name: names.get(record.sourceId) ?? null,
    provider_id: null,
    incremental: record.incremental,
    version: record.revision,
    replication_records: [],
    children: [],
    backup_sync: {
      taken_at: toWireTime(record.takenAtMs),
      taken_at_source: record.takenAtSource,
      time_contradiction: record.timeContradiction,
      storage_unit: location.storageUnitId,
      bucket_name: location.bucketName,
      image_path: location.imagePath,
      format: record.format,
      level: record.level,
      ...describeForm(record.form),
      facts: record.facts.map(({ code, atMs }) => describeFact(code, toWireTime(atMs))),
      verified_at: record.level === null ? null : toWireTime(record.verifiedAtMs),
      check_version: record.checkVersion,
      evidence: {
        digest: listing.digest,
        content_id: record.contentId,
        object_count: listing.objectCount,
        stored_bytes: listing.storedBytes,
        newest_object_at: listing.newestObjectAtMs === null ? null : toWireTime(listing.newestObjectAtMs),
        volume_sha256: record.volumeHash?.sha256 ?? null,
        expanded: record.expanded === null ? [] : [...record.expanded.volumes],
      },
      last_operation_log_id: record.lastOperationId,
      reason: record.fault === null ? null : describeReason(record.fault.code, record.fault.detail),
    },
  };
}

/** Converts a proof to its wire form. */
export function verificationView({
  id,
  operationId,
  proof,
}: RecordedProof): CallOutput<'listVerifications'>['verifications'][number] {
  return {
    id,
    operation_id: operationId,
    verified_at: toWireTime(proof.verifiedAtMs),
    level: proof.level,
    ...describeForm(proof.form),
    reason: proof.fault === null ? null : describeReason(proof.fault.code, proof.fault.detail),
    limit_reason: proof.limit,
    remark: proof.remark,
    check_version: proof.checkVersion,
    parent_id: proof.parentBackupId,
    object_count: proof.listing.objectCount,
    stored_bytes: proof.listing.storedBytes,
  };
}
