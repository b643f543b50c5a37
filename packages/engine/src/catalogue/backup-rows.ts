import { type GapCode, levelOfGaps } from '@backup-sync/contracts';
import type { Selectable } from 'kysely';
import type { EdgeProof, Fault, Form, Listing, SharedListing } from '../chain/proof/link.ts';
import type { BackupRecord, Expansion, RecordedFact, RecordWrite, VolumeHash } from './backup-records.ts';
import type { BackupRow, ListingColumns, StoredBoolean, VerificationRow } from './schema.ts';

export function toStoredBoolean(value: boolean | null): StoredBoolean | null {
  if (value === null) return null;
  return value ? 1 : 0;
}

export function fromStoredBoolean(value: StoredBoolean | null): boolean | null {
  return value === null ? null : value === 1;
}

export function listingToColumns(listing: Listing): ListingColumns {
  return {
    listing_digest: listing.digest,
    listing_fingerprint: listing.fingerprint,
    object_count: listing.objectCount,
    stored_bytes: listing.storedBytes,
    newest_object_at_ms: listing.newestObjectAtMs,
  };
}

function columnsToListing(row: ListingColumns): Listing {
  return {
    digest: row.listing_digest,
    fingerprint: row.listing_fingerprint,
    objectCount: row.object_count,
    storedBytes: row.stored_bytes,
    newestObjectAtMs: row.newest_object_at_ms,
  };
}

/** Parses the listing of shared objects. Only recordToColumns writes it, so the text has this shape. */
export function rowToShared({ shared_listing: shared }: Pick<BackupRow, 'shared_listing'>): SharedListing | null {
  return shared === null ? null : (JSON.parse(shared) as SharedListing);
}

type FaultColumns = Pick<BackupRow, 'reason_code' | 'reason_detail'>;

export function faultToColumns(fault: Fault | null): FaultColumns {
  return { reason_code: fault?.code ?? null, reason_detail: fault?.detail ?? '' };
}

export function columnsToFault({ reason_code: code, reason_detail: detail }: FaultColumns): Fault | null {
  return code === null ? null : { code, detail };
}

type FormColumns = Pick<BackupRow, 'ceiling' | 'gaps'>;

function formToColumns(form: Form | null): FormColumns {
  const gaps = form?.gaps ?? [];
  return { ceiling: form?.ceiling ?? null, gaps: gaps.length === 0 ? null : JSON.stringify(gaps) };
}

function columnsToForm({ ceiling, gaps }: FormColumns): Form | null {
  // Only formToColumns writes the gaps, so the text has this shape.
  return ceiling === null ? null : { ceiling, gaps: gaps === null ? [] : (JSON.parse(gaps) as readonly GapCode[]) };
}

type HashColumns = Pick<BackupRow, 'volume_sha256' | 'volume_chain_digest'>;

export function hashToColumns(hash: VolumeHash | null): HashColumns {
  return { volume_sha256: hash?.sha256 ?? null, volume_chain_digest: hash?.chainDigest ?? null };
}

function columnsToHash({ volume_sha256: sha256, volume_chain_digest: chainDigest }: HashColumns): VolumeHash | null {
  return sha256 === null || chainDigest === null ? null : { sha256, chainDigest };
}

/** Only recordToColumns writes this column, so the text has this shape. */
function columnToExpansion({ expanded }: Pick<BackupRow, 'expanded'>): Expansion | null {
  return expanded === null ? null : (JSON.parse(expanded) as Expansion);
}

/** Only recordToColumns writes this column, so the text has this shape. */
function columnToFacts({ facts }: Pick<BackupRow, 'facts'>): readonly RecordedFact[] {
  return facts === null ? [] : (JSON.parse(facts) as readonly RecordedFact[]);
}

/** The columns that a write of a record sets: all except those that the catalogue itself maintains. */
export function recordToColumns(
  record: RecordWrite,
): Omit<
  BackupRow,
  | 'last_operation_id'
  | 'created_at_ms'
  | 'updated_at_ms'
  | 'revision'
  | 'forgotten_at_ms'
  | 'part_of'
  | 'vanished_at_ms'
  | 'source_id'
  | 'checkpoint_id'
> {
  return {
    project_id: record.projectId,
    backup_id: record.backupId,
    backup_name: record.backupName,
    requested_name: record.requestedName,
    storage_unit_id: record.location.storageUnitId,
    bucket_name: record.location.bucketName,
    image_path: record.location.imagePath,
    resource_id: record.resourceId,
    resource_name: record.resourceName,
    resource_type: record.resourceType,
    protected_at_s: record.protectedAtS,
    taken_at_ms: record.takenAtMs,
    taken_at_source: record.takenAtSource,
    time_contradiction: record.timeContradiction,
    status: record.status,
    ...faultToColumns(record.fault),
    format: record.format,
    content_id: record.contentId,
    ...listingToColumns(record.listing),
    shared_listing: record.shared === null ? null : JSON.stringify(record.shared),
    level: record.level,
    ...formToColumns(record.form),
    gap_level: levelOfGaps(record.form?.gaps ?? []),
    verified_at_ms: record.verifiedAtMs,
    check_version: record.checkVersion,
    parent_backup_id: record.parentBackupId,
    incremental: toStoredBoolean(record.incremental),
    volume_bytes: record.volumeBytes,
    ...hashToColumns(record.volumeHash),
    expanded: record.expanded === null ? null : JSON.stringify(record.expanded),
    facts: record.facts.length === 0 ? null : JSON.stringify(record.facts),
  };
}

export function rowToRecord(row: Selectable<BackupRow>): BackupRecord {
  return {
    projectId: row.project_id,
    backupId: row.backup_id,
    backupName: row.backup_name,
    requestedName: row.requested_name,
    location: { storageUnitId: row.storage_unit_id, bucketName: row.bucket_name, imagePath: row.image_path },
    resourceId: row.resource_id,
    resourceName: row.resource_name,
    resourceType: row.resource_type,
    protectedAtS: row.protected_at_s,
    takenAtMs: row.taken_at_ms,
    takenAtSource: row.taken_at_source,
    timeContradiction: row.time_contradiction,
    status: row.status,
    fault: columnsToFault(row),
    format: row.format,
    contentId: row.content_id,
    listing: columnsToListing(row),
    shared: rowToShared(row),
    level: row.level,
    form: columnsToForm(row),
    verifiedAtMs: row.verified_at_ms,
    checkVersion: row.check_version,
    parentBackupId: row.parent_backup_id,
    incremental: fromStoredBoolean(row.incremental),
    volumeBytes: row.volume_bytes,
    volumeHash: columnsToHash(row),
    expanded: columnToExpansion(row),
    facts: columnToFacts(row),
    lastOperationId: row.last_operation_id,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    revision: row.revision,
    sourceId: row.source_id,
    checkpointId: row.checkpoint_id,
  };
}

/** The columns of a proof's row that the proof does not have: its id, and the operation that made it. */
type ProofOrigin = { readonly id: string; readonly projectId: string; readonly operationId: string };

export function proofToRow(proof: EdgeProof, origin: ProofOrigin): VerificationRow {
  return {
    id: origin.id,
    project_id: origin.projectId,
    backup_id: proof.backupId,
    operation_id: origin.operationId,
    storage_unit_id: proof.location.storageUnitId,
    bucket_name: proof.location.bucketName,
    image_path: proof.location.imagePath,
    ...listingToColumns(proof.listing),
    content_id: proof.contentId,
    parent_backup_id: proof.parentBackupId,
    parent_listing_digest: proof.parentListingDigest,
    level: proof.level,
    fault_code: proof.fault?.code ?? null,
    fault_detail: proof.fault?.detail ?? '',
    limit_reason: proof.limit,
    remark: proof.remark,
    ...formToColumns(proof.form),
    volume_bytes: proof.volumeBytes,
    format_time_ms: proof.formatTime?.atMs ?? null,
    format_time_has_zone: toStoredBoolean(proof.formatTime?.hasZone ?? null),
    check_version: proof.checkVersion,
    verified_at_ms: proof.verifiedAtMs,
    metadata_objects: JSON.stringify(proof.metadataObjects),
  };
}

export function rowToProof(row: Selectable<VerificationRow>): EdgeProof {
  return {
    backupId: row.backup_id,
    location: { storageUnitId: row.storage_unit_id, bucketName: row.bucket_name, imagePath: row.image_path },
    listing: columnsToListing(row),
    contentId: row.content_id,
    parentBackupId: row.parent_backup_id,
    parentListingDigest: row.parent_listing_digest,
    level: row.level,
    fault: row.fault_code === null ? null : { code: row.fault_code, detail: row.fault_detail },
    form: columnsToForm(row),
    limit: row.limit_reason,
    remark: row.remark,
    volumeBytes: row.volume_bytes,
    formatTime:
      row.format_time_ms === null ? null : { atMs: row.format_time_ms, hasZone: row.format_time_has_zone === 1 },
    checkVersion: row.check_version,
    verifiedAtMs: row.verified_at_ms,
    // Only proofToRow writes this column, so the text has this shape.
    metadataObjects: JSON.parse(row.metadata_objects) as EdgeProof['metadataObjects'],
  };
}
