import { BackupSyncError, describeReason } from '@backup-sync/contracts';
import type { SourceRecord } from '../catalogue/source-records.ts';
import type { StepInput } from '../catalogue/steps.ts';
import { refuseUngranted } from '../imports/granted-places.ts';
import { afterEnd } from '../operations/after-end.ts';
import { outagesFor } from '../operations/waiting-for.ts';
import { refuseUnlistable } from '../sources/refuse-unlistable.ts';
import { nextRunAfter, startSourceRun } from '../sources/start-source-run.ts';
import type { MutationContext, MutationHandler, QueryHandler } from './call-context.ts';
import { operationView } from './operation-view.ts';
import { resourceView } from './resources.ts';
import { findSource, sourceNotFound, sourceView } from './source-view.ts';

export const listSources: QueryHandler<'listSources'> = async (context, input) => {
  const sources = await context.services.catalogue.sources.listSources(input.project_id);
  return { sources: sources.map(sourceView) };
};

/** Maximum number of rows of each list. */
const rowsMax = 1000;

/**
 * Shows a source: its newest run, the newest proved backup of each resource, its errors, and removals that wait for
 * confirmation.
 */
export const showSource: QueryHandler<'showSource'> = async (context, input) => {
  const {
    catalogue,
    world: { clock },
  } = context.services;
  const source = await findSource(context, input.project_id, input.source_id);
  const lastRun =
    source.lastRun === null ? null : await catalogue.operations.showOperation(source.projectId, source.lastRun.id);
  const { rows: resources } = await catalogue.backups.listResources({
    project_id: source.projectId,
    source_id: source.id,
    level: source.level,
    limit: rowsMax,
  });
  const held =
    source.heldAtMs === null ? { members: [], count: 0 } : await catalogue.sourceRuns.heldMembers(source.id, rowsMax);
  const { errors, count: errorCount } = await catalogue.sourceRuns.listSourceErrors(source, rowsMax);
  return {
    source: sourceView(source),
    last_run: lastRun === null ? null : operationView(lastRun, await outagesFor(catalogue, [lastRun])),
    resources: resources.map((resource) => resourceView(resource, clock.nowMs())),
    held_backups: held.members.map(({ backupId, imagePath }) => ({ backup_id: backupId, image_path: imagePath })),
    held_count: held.count,
    errors: errors.map(({ backupId, backupName, imagePath, fault }) => ({
      backup_id: backupId,
      backup_name: backupName,
      image_path: imagePath,
      reason: describeReason(fault.code, fault.detail),
    })),
    error_count: errorCount,
  };
};

/** Adds a source. If it has an interval, it runs immediately, then at that interval. */
export const addSource: MutationHandler<'addSource'> = async (context, input) => {
  const place = { bucketName: input.bucket_name, prefix: input.prefix };
  await refuseUngranted(context.services, input.project_id, [place]);
  if (input.format !== null && input.path_template !== null) {
    throw new BackupSyncError('invalid_request', 'path_template: cannot be used with format; leave out one of them');
  }
  if (!input.force) await refuseUnlistable(context.services, place);
  const {
    work: { storedTimes, storage },
    world: { newId },
  } = context.services;
  const nowMs = await storedTimes.nowMs();
  const source: SourceRecord = {
    id: newId(),
    projectId: input.project_id,
    name: input.name,
    storageUnitId: storage.id,
    bucketName: input.bucket_name,
    prefix: input.prefix,
    format: input.format,
    pathTemplate: input.path_template,
    level: input.level,
    intervalS: input.interval_s,
    reverifyAfterS: input.reverify_after_s,
    removalShare: input.removal_share,
    incompleteAfterS: input.incomplete_after_s,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    pausedAtMs: null,
    heldAtMs: null,
    heldCause: null,
    heldRunId: null,
    nextRunAtMs: input.interval_s === null ? null : nowMs,
    lastRun: null,
    lastGoodSyncAtMs: null,
  };
  if ((await context.change('addSource', source)) === 'name_taken') {
    throw new BackupSyncError('source_name_taken', `there is a source ${JSON.stringify(input.name)} already`);
  }
  return { source: sourceView(source) };
};

/** Changes a source. A new interval counts from now. Backups outside a new prefix are dropped without being marked. */
export const updateSource: MutationHandler<'updateSource'> = async (context, input) => {
  const { storedTimes } = context.services.work;
  const before = await findSource(context, input.project_id, input.source_id);
  const { prefix = before.prefix, level = before.level } = input;
  const { interval_s: intervalS = before.intervalS, reverify_after_s: reverifyAfterS = before.reverifyAfterS } = input;
  const { incomplete_after_s: incompleteAfterS = before.incompleteAfterS } = input;
  if (prefix !== before.prefix) {
    const place = { bucketName: before.bucketName, prefix };
    await refuseUngranted(context.services, input.project_id, [place]);
    if (!input.force) await refuseUnlistable(context.services, place);
  }
  const nowMs = await storedTimes.nowMs();
  const updated = await context.change('updateSource', input.project_id, before.id, {
    prefix,
    level,
    intervalS,
    reverifyAfterS,
    incompleteAfterS,
    nextRunAtMs: intervalS === before.intervalS ? before.nextRunAtMs : nextRunAfter({ ...before, intervalS }, nowMs),
    updatedAtMs: nowMs,
  });
  if (updated === null) throw sourceNotFound(input.source_id);
  await afterEnd(context.services, updated.ended);
  return { source: sourceView(updated.source) };
};

/** Pauses a source: no more runs are planned. A run in progress continues. */
export const pauseSource: MutationHandler<'pauseSource'> = async (context, input) => {
  const nowMs = await context.services.work.storedTimes.nowMs();
  const source = await context.change('pauseSource', input.project_id, input.source_id, nowMs);
  if (source === null) throw sourceNotFound(input.source_id);
  return { source: sourceView(source) };
};

/** Resumes a source: if it has an interval, a run is due immediately. A source that is not paused stays unchanged. */
export const resumeSource: MutationHandler<'resumeSource'> = async (context, input) => {
  const nowMs = await context.services.work.storedTimes.nowMs();
  const source = await context.change('resumeSource', input.project_id, input.source_id, nowMs);
  if (source === null) throw sourceNotFound(input.source_id);
  return { source: sourceView(source) };
};

/** Runs a source now, paused or not. */
export const scanSource: MutationHandler<'scanSource'> = async (context, input) => {
  const { operationId, isNew } = await runSource(context, input.project_id, input.source_id, false);
  return { operation_id: operationId, joined: !isNew };
};

/** Confirms held removals: starts a run that marks those that are still missing. */
export const confirmSource: MutationHandler<'confirmSource'> = async (context, input) => {
  const source = await findSource(context, input.project_id, input.source_id);
  if (source.heldAtMs === null) {
    throw new BackupSyncError('source_not_held', `source ${source.name} is not held: there are no removals to confirm`);
  }
  const { operationId, isNew } = await runSource(context, input.project_id, input.source_id, true);
  return { operation_id: operationId, joined: !isNew };
};

/** Runs a source by CBR's call, which syncs everything in the storage of a vault. */
export const syncCheckpoint: MutationHandler<'syncCheckpoint'> = async (context, input) => {
  const { vault_id } = input.sync;
  const { operationId } = await runSource(context, input.project_id, vault_id, false);
  return { sync: { vault_id, operation_log_id: operationId } };
};

async function runSource(
  context: MutationContext,
  projectId: string,
  sourceId: string,
  confirmsRemovals: boolean,
): Promise<{ readonly operationId: string; readonly isNew: boolean }> {
  const source = await findSource(context, projectId, sourceId);
  // The grant may have been revoked since the source was added.
  await refuseUngranted(context.services, projectId, [source]);
  const { caller, requestId, services } = context;
  const actor = { kind: caller.kind, name: caller.name };
  const sourceRuns = { startRun: (...run: StepInput<'startRun'>) => context.change('startRun', ...run) };
  const started = await startSourceRun({ ...services, catalogue: { sourceRuns } }, source, {
    actor,
    requestId,
    confirmsRemovals,
  });
  if (started === null) throw sourceNotFound(sourceId);
  if (confirmsRemovals && !started.isNew) {
    throw new BackupSyncError(
      'backup_busy',
      `operation ${started.operationId} is already running source ${source.name}`,
    );
  }
  return started;
}

/** Removes a source and cancels its runs. Its records stay. */
export const removeSource: MutationHandler<'removeSource'> = async (context, input) => {
  const nowMs = context.services.world.clock.nowMs();
  const ended = await context.change('removeSource', input.project_id, input.source_id, nowMs);
  if (ended === null) throw sourceNotFound(input.source_id);
  await afterEnd(context.services, ended);
};
