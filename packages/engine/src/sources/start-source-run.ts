import { dataLevels } from '@backup-sync/contracts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Actor, NewOperation } from '../catalogue/operation-records.ts';
import type { SourceRecord } from '../catalogue/source-records.ts';
import type { KnownFormat } from '../chain/formats/formats.ts';
import type { ScanRequest } from '../scans/scan-request.ts';
import type { Services } from '../services.ts';

/** Services for starting runs. The scheduler passes the catalogue itself; a call passes its `change` as the step. */
type RunStarter = Pick<Services, 'work' | 'world'> & {
  readonly catalogue: { readonly sourceRuns: Pick<Catalogue['sourceRuns'], 'startRun'> };
};

/**
 * Starts a run of a source, plans the next, and returns its operation. If the newest run is still listing, returns that
 * one instead. Null if the source is gone.
 */
export async function startSourceRun(
  { catalogue, work: { storedTimes }, world: { log, newId } }: RunStarter,
  source: SourceRecord,
  origin: { readonly actor: Actor; readonly requestId: string; readonly confirmsRemovals: boolean },
): Promise<{ readonly operationId: string; readonly isNew: boolean } | null> {
  const nowMs = await storedTimes.nowMs();
  const request: ScanRequest = {
    prefix: source.prefix,
    formats: formatsOf(source),
    pathTemplate: source.pathTemplate,
    sync: true,
    withAncestors: false,
    // A source whose level reads data reverifies by verifications instead: see start-verifications.ts.
    reverifyAfterS: readsData(source) ? null : source.reverifyAfterS,
    incompleteAfterS: source.incompleteAfterS,
    confirmsRemovals: origin.confirmsRemovals,
  };
  const operation: NewOperation = {
    id: newId(),
    projectId: source.projectId,
    kind: 'scan',
    parentOperationId: null,
    sourceId: source.id,
    storageUnitId: source.storageUnitId,
    bucketName: source.bucketName,
    backupId: null,
    request,
    actor: origin.actor,
    requestId: origin.requestId,
    createdAtMs: nowMs,
    lane: 'mass',
  };
  const started = await catalogue.sourceRuns.startRun({
    sourceId: source.id,
    nextRunAtMs: nextRunAfter(source, nowMs),
    operation,
    confirmsRemovals: origin.confirmsRemovals,
  });
  if (started?.isNew === true) {
    log('source.run_started', `A run of the source ${source.name} has started.`, {
      operation_id: started.operationId,
      project_id: source.projectId,
      source_id: source.id,
      bucket: source.bucketName,
      actor: origin.actor.name,
      request_id: origin.requestId,
    });
  }
  return started;
}

function readsData({ level }: SourceRecord): boolean {
  return dataLevels.some((each) => each === level);
}

/** When the next run is due, in milliseconds since 1970. Null if the source has no interval or is paused. */
export function nextRunAfter({ intervalS, pausedAtMs }: SourceRecord, nowMs: number): number | null {
  return intervalS === null || pausedAtMs !== null ? null : nowMs + intervalS * 1000;
}

/** The formats a run looks for: the source's own, none if it has a path template, otherwise all (null). */
function formatsOf({ format, pathTemplate }: SourceRecord): readonly KnownFormat[] | null {
  if (format !== null && format !== 'unknown') return [format];
  return pathTemplate === null ? null : [];
}
