import type { BackupFilter, BackupSync, OperationLogFilter } from '@backup-sync/contracts';
import { v7 as newId } from 'uuid';
import type { EdgeProof, Listing } from '../chain/proof/link.ts';
import type { RecordWrite } from './backup-records.ts';
import type { Catalogue } from './catalogue.ts';
import {
  type Acceptance,
  type ChainKey,
  type DueChain,
  type EndedOperation,
  hasItem,
  type ImportFinish,
  type ItemOperation,
  type NewOperation,
} from './operation-records.ts';
import type { SourceRecord } from './source-records.ts';

/** Opens the catalogue that a conformance suite tests, with the identity that shares its database. */
export type OpenCatalogue = () => Promise<Catalogue>;

export const storageUnitId = 'unit-1';

export function makeItem(backupId: string, changes: Partial<BackupSync> = {}): BackupSync {
  return {
    backup_id: backupId,
    backup_name: `name of ${backupId}`,
    bucket_name: 'bucket-1',
    image_path: `chain-1/${backupId}`,
    resource_id: 'resource-1',
    resource_name: 'database server',
    resource_type: 'OS::Native::Server',
    created_at: 1_500_000_000,
    ...changes,
  };
}

export function makeAcceptance(
  projectId: string,
  items: readonly BackupSync[],
  changes: {
    readonly acceptedAtMs?: number;
    readonly chainRoot?: string;
    readonly storageUnitId?: string;
    readonly parentOperationId?: string;
    readonly withAncestors?: boolean;
    readonly lane?: Acceptance['lane'];
  } = {},
): Acceptance {
  return {
    projectId,
    actor: { kind: 'user', name: 'ada' },
    requestId: 'request-1',
    acceptedAtMs: changes.acceptedAtMs ?? 1_000,
    parentOperationId: changes.parentOperationId ?? null,
    withAncestors: changes.withAncestors ?? false,
    lane: changes.lane === undefined ? 'mass' : changes.lane,
    items: items.map((item) => ({
      id: newId(),
      item,
      storageUnitId: changes.storageUnitId ?? storageUnitId,
      chainRoot: changes.chainRoot ?? 'chain-1',
      proofsNotBeforeMs: null,
    })),
  };
}

export function makeChain(projectId: string, chainRoot = 'chain-1') {
  return { projectId, storageUnitId, bucketName: 'bucket-1', chainRoot };
}

/** Due mass work on a chain, without a delay. */
export function makeDue(chain: ChainKey): DueChain {
  return { kind: 'chain', chain, lane: 'mass', notBeforeMs: null };
}

export function makeListing(digest: string): Listing {
  return { digest, fingerprint: `of ${digest}`, objectCount: 3, storedBytes: 4096, newestObjectAtMs: 500 };
}

/** The record that a successful import of this operation writes. */
export function makeRecord(operation: ItemOperation, changes: Partial<RecordWrite> = {}): RecordWrite {
  const { item } = operation;
  return {
    projectId: operation.projectId,
    backupId: item.backup_id,
    requestedName: null,
    backupName: item.backup_name,
    location: {
      storageUnitId: operation.storageUnitId,
      bucketName: item.bucket_name,
      imagePath: item.image_path,
    },
    resourceId: item.resource_id,
    resourceName: item.resource_name,
    resourceType: item.resource_type,
    protectedAtS: item.created_at,
    takenAtMs: 500,
    takenAtSource: 'object',
    timeContradiction: null,
    status: 'available',
    fault: null,
    format: 'cinder',
    contentId: 'content-1',
    listing: makeListing('digest-1'),
    shared: null,
    level: 'linkage',
    form: { ceiling: 'replay', gaps: [] },
    verifiedAtMs: 2_000,
    checkVersion: '1',
    parentBackupId: null,
    incremental: false,
    volumeBytes: 2 ** 40,
    volumeHash: { sha256: 'sha256-1', chainDigest: 'chain-digest-1' },
    expanded: {
      chainDigest: 'chain-digest-1',
      volumes: [{ disk: 'root', size: 2 ** 41, expanded_sha256: 'sha256-2' }],
    },
    facts: [{ code: 'objects_match_names', atMs: 2_000 }],
    ...changes,
  };
}

export function makeFinish(operation: ItemOperation, changes: Partial<ImportFinish> = {}): ImportFinish {
  return {
    operationId: operation.id,
    epoch: operation.epoch,
    endedAtMs: 3_000,
    status: 'success',
    outcome: 'created',
    message: 'Recorded.',
    fault: null,
    timeContradiction: null,
    level: 'linkage',
    incremental: false,
    requests: { lists: 1, gets: 2, bytesRead: 300 },
    missingParent: null,
    decidedOnRevision: null,
    record: makeRecord(operation),
    proofs: [],
    ...changes,
  };
}

export function makeProof(backupId: string, changes: Partial<EdgeProof> = {}): EdgeProof {
  return {
    backupId,
    location: { storageUnitId, bucketName: 'bucket-1', imagePath: `chain-1/${backupId}` },
    listing: makeListing('digest-1'),
    contentId: 'content-1',
    parentBackupId: 'parent-1',
    parentListingDigest: 'parent digest',
    level: 'linkage',
    fault: null,
    form: { ceiling: 'content', gaps: ['no_block_hashes'] },
    limit: null,
    remark: 'a remark',
    volumeBytes: 2 ** 40,
    formatTime: { atMs: 400, hasZone: true },
    checkVersion: '1',
    verifiedAtMs: 2_000,
    metadataObjects: [{ key: 'chain-1/_metadata', etag: 'e1', size: 99, modifiedAtMs: 500 }],
    ...changes,
  };
}

export function makeSource(projectId: string, id: string, changes: Partial<SourceRecord> = {}): SourceRecord {
  return {
    id,
    projectId,
    name: `name of ${id}`,
    storageUnitId,
    bucketName: 'bucket-1',
    prefix: '',
    format: null,
    pathTemplate: null,
    level: 'linkage',
    intervalS: 60,
    reverifyAfterS: null,
    removalShare: 0.2,
    incompleteAfterS: 86_400,
    createdAtMs: 1_000,
    updatedAtMs: 1_000,
    pausedAtMs: null,
    heldAtMs: null,
    heldCause: null,
    heldRunId: null,
    nextRunAtMs: 1_000,
    lastRun: null,
    lastGoodSyncAtMs: null,
    ...changes,
  };
}

/** The operation of a run of a source. */
export function makeRun(projectId: string, sourceId: string, id: string): NewOperation {
  return {
    id,
    projectId,
    kind: 'scan',
    parentOperationId: null,
    sourceId,
    storageUnitId,
    bucketName: 'bucket-1',
    backupId: null,
    request: null,
    actor: { kind: 'system', name: 'source' },
    requestId: 'request-1',
    createdAtMs: 1_000,
    lane: 'mass',
  };
}

export function backupFilter(projectId: string, changes: Partial<BackupFilter> = {}): BackupFilter {
  return {
    project_id: projectId,
    sort: [{ key: 'created_at', direction: 'desc' }],
    limit: 1000,
    offset: 0,
    ...changes,
  };
}

export function operationFilter(projectId: string, changes: Partial<OperationLogFilter> = {}): OperationLogFilter {
  return { project_id: projectId, limit: 1000, offset: 0, ...changes };
}

/** Accepts items, and returns the ids of their operations. */
export async function acceptedIds(catalogue: Catalogue, acceptance: Acceptance): Promise<readonly string[]> {
  return (await catalogue.operations.accept(acceptance)).ids;
}

/** An operation, as returned by the step that has ended it. */
export function endedAs(
  operation: Omit<EndedOperation, 'status' | 'sourceId' | 'reasonCode'> & { readonly sourceId?: string | null },
  status: EndedOperation['status'],
  reasonCode: EndedOperation['reasonCode'] = null,
): EndedOperation {
  const { id, projectId, kind, parentOperationId, sourceId = null } = operation;
  return { id, projectId, kind, parentOperationId, status, sourceId, reasonCode };
}

/** Returns an import as the catalogue shows it. Throws for another kind. */
export async function showImport(catalogue: Catalogue, projectId: string, id: string): Promise<ItemOperation> {
  const operation = await catalogue.operations.showOperation(projectId, id);
  if (operation === null || !hasItem(operation)) throw new Error(`operation ${id} was lost`);
  return operation;
}

/** Accepts one item and starts its import. */
export async function acceptAndStart(
  catalogue: Catalogue,
  projectId: string,
  item: BackupSync,
): Promise<ItemOperation> {
  const [id] = await acceptedIds(catalogue, makeAcceptance(projectId, [item]));
  const started = await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 1_500);
  const operation = started.find((each) => each.id === id);
  if (operation === undefined) throw new Error(`Nothing was started for ${item.backup_id}.`);
  return operation;
}

/** Imports one item from acceptance to its end. */
export async function importBackup(
  catalogue: Catalogue,
  projectId: string,
  item: BackupSync,
  finish: { readonly record?: Partial<RecordWrite>; readonly endedAtMs?: number } = {},
): Promise<ItemOperation> {
  const operation = await acceptAndStart(catalogue, projectId, item);
  const before = await catalogue.backups.showBackup(projectId, item.backup_id);
  const { result } = await catalogue.operations.finishImport(
    makeFinish(operation, {
      endedAtMs: finish.endedAtMs ?? 3_000,
      decidedOnRevision: before?.revision ?? null,
      record: makeRecord(operation, finish.record),
    }),
  );
  if (result !== 'finished') throw new Error(`The import of ${item.backup_id} ended ${result}.`);
  return operation;
}
