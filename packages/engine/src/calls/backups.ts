import {
  type BackupSync,
  BackupSyncError,
  type CallInput,
  type CallOutput,
  invalidField,
} from '@backup-sync/contracts';
import type { BackupRecord } from '../catalogue/backup-records.ts';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import type { Acceptance, NewOperation } from '../catalogue/operation-records.ts';
import { acceptImports } from '../imports/accept-imports.ts';
import { placeOfItem, refuseUngranted } from '../imports/granted-places.ts';
import { afterEnd } from '../operations/after-end.ts';
import type { QueryServices } from '../services.ts';
import type { VerifyRequest } from '../verifications/verify-request.ts';
import { backupView, sourceNames, verificationView } from './backup-view.ts';
import type { MutationContext, MutationHandler, QueryHandler } from './call-context.ts';

export const listBackups: QueryHandler<'listBackups'> = async (context, input) => {
  const page = await context.services.catalogue.backups.listBackups(input);
  if (page === 'marker_not_found') {
    throw invalidField('marker', `no backup ${input.marker} is recorded`);
  }
  const names = await sourceNames(context.services, input.project_id, page.rows);
  const backups = page.rows.map((record) => backupView(record, names));
  return { backups, count: page.count, limit: input.limit, offset: input.offset };
};

export const showBackup: QueryHandler<'showBackup'> = async (context, input) => {
  const record = await context.services.catalogue.backups.showBackup(input.project_id, input.backup_id);
  return answerBackup(context.services, input, record);
};

export const listVerifications: QueryHandler<'listVerifications'> = async (context, input) => {
  const { backups } = context.services.catalogue;
  const record = await backups.showBackup(input.project_id, input.backup_id);
  if (record === null) throw new BackupSyncError('backup_not_found', `no backup ${input.backup_id} is recorded`);
  // One more, to know whether there is another page.
  const found = await backups.listVerifications({ ...input, limit: input.limit + 1 });
  if (found === 'marker_not_found') {
    throw invalidField('marker', `no verification ${input.marker} of this backup is recorded`);
  }
  const shown = found.slice(0, input.limit);
  return {
    verifications: shown.map(verificationView),
    next_marker: found.length > shown.length ? (shown.at(-1)?.id ?? null) : null,
  };
};

/** Returns the wire form of a record. Throws `backup_not_found` if there is none. */
async function answerBackup(
  services: QueryServices,
  { project_id, backup_id }: CallInput<'showBackup'>,
  record: BackupRecord | null,
): Promise<CallOutput<'showBackup'>> {
  if (record === null) {
    const [known] = await services.catalogue.backups.knownByIds(project_id, [backup_id]);
    const why = known?.partOf == null ? '' : `: it is part of ${known.partOf}`;
    throw new BackupSyncError('backup_not_found', `no backup ${backup_id} is recorded${why}`);
  }
  return { backup: backupView(record, await sourceNames(services, project_id, [record])) };
}

/**
 * Accepts the imports of a list of backups. Once it has answered, every item is on disk and will reach an end. The
 * answer keeps the order of the request.
 */
export const syncBackups: MutationHandler<'syncBackups'> = async (context, input) => {
  return await acceptRequest(context, { ...input, with_ancestors: false });
};

/** As `syncBackups`, but also accepts the missing ancestors of these backups, as separate operations. */
export const importBackups: MutationHandler<'importBackups'> = async (context, input) => {
  return await acceptRequest(context, input);
};

/** Renames a backup. See name-backup.ts for how long the name stays. */
export const updateBackup: MutationHandler<'updateBackup'> = async (context, input) => {
  const record = await context.change('renameBackup', {
    projectId: input.project_id,
    backupId: input.backup_id,
    name: input.backup.name,
    renamedAtMs: context.services.world.clock.nowMs(),
  });
  return answerBackup(context.services, input, record);
};

/** Accepts a verification of a recorded backup, or joins the same one. It runs on its own: see verify-chain.ts. */
export const verifyBackup: MutationHandler<'verifyBackup'> = async (context, input) => {
  const {
    catalogue,
    work: { storedTimes },
    world: { newId },
  } = context.services;
  const record = await catalogue.backups.showBackup(input.project_id, input.backup_id);
  if (record === null) throw new BackupSyncError('backup_not_found', `no backup ${input.backup_id} is recorded`);
  await refuseUngranted(context.services, input.project_id, [placeOfItem(itemOfRecord(record))]);
  const createdAtMs = await storedTimes.nowMs();
  const request: VerifyRequest = { level: input.level, readAfterMs: createdAtMs };
  const operation: NewOperation = {
    id: newId(),
    projectId: input.project_id,
    kind: 'verify',
    parentOperationId: null,
    storageUnitId: record.location.storageUnitId,
    bucketName: record.location.bucketName,
    backupId: input.backup_id,
    sourceId: null,
    request,
    actor: { kind: context.caller.kind, name: context.caller.name },
    requestId: context.requestId,
    createdAtMs,
    lane: null,
  };
  // A running verification is joined although it may have read some links before this call: a caller that repeats a
  // command wants the outcome, not the volume read twice. To have all of it read from now on, call again after it ends.
  const joined = await context.change('joinOperation', operation, { level: input.level });
  return { operation_id: joined.operationId, joined: joined.result === 'joined' };
};

/**
 * Returns the backup whose volume the caller is about to extract itself. It is a mutation so that the audit has it: the
 * whole content of a volume leaves with an extraction, and no other call would record that.
 */
export const beginExtraction: MutationHandler<'beginExtraction'> = async (context, input) => {
  const record = await context.change('beginExtraction', input.project_id, input.backup_id);
  return answerBackup(context.services, input, record);
};

/** Deletes the record of a backup. The bucket is never changed; an explicit sync imports the backup again. */
export const deleteBackup: MutationHandler<'deleteBackup'> = async (context, input) => {
  const { clock, newId } = context.services.world;
  const deletion = await context.change('deleteBackup', {
    operationId: newId(),
    projectId: input.project_id,
    backupId: input.backup_id,
    actor: { kind: context.caller.kind, name: context.caller.name },
    requestId: context.requestId,
    deletedAtMs: clock.nowMs(),
  });
  if (deletion.result === 'not_found') {
    throw new BackupSyncError('backup_not_found', `no backup ${input.backup_id} is recorded`);
  }
  if (deletion.result === 'busy') {
    throw new BackupSyncError('backup_busy', `operation ${deletion.operationId} is importing this backup`);
  }
  await afterEnd(context.services, deletion.ended);
};

/**
 * Accepts the items of a request. Returns the answer, in the order of the request. Throws `bucket_not_bound` and
 * `backlog_full`.
 */
async function acceptRequest(
  { services, caller, requestId, change }: MutationContext,
  request: {
    readonly project_id: string;
    readonly sync: readonly BackupSync[];
    readonly with_ancestors: boolean;
  },
): Promise<{ sync: { backup_id: string; operation_log_id: string }[] }> {
  await refuseUngranted(services, request.project_id, request.sync.map(placeOfItem));
  await services.work.backlog.admit(request.project_id, request.sync.length);
  const imports = request.sync.map((item) => ({ item, proofsNotBeforeMs: null }));
  const operations = { accept: (acceptance: Acceptance) => change('accept', acceptance) };
  const accepted = await services.work.acceptance.run(() =>
    acceptImports({ ...services, catalogue: { operations } }, imports, {
      projectId: request.project_id,
      actor: { kind: caller.kind, name: caller.name },
      requestId,
      parentOperationId: null,
      withAncestors: request.with_ancestors,
      lane: null,
    }),
  );
  return { sync: accepted.map(({ item, id }) => ({ backup_id: item.backup_id, operation_log_id: id })) };
}
