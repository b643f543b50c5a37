import { type FindingState, hasProblem, isToSync, type ScanFinding } from '@backup-sync/contracts';
import { LeaseLostError } from '../catalogue/fence.ts';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import type { Json, OperationProgress } from '../catalogue/operation-records.ts';
import { PackageMemory } from '../chain/package-memory.ts';
import type { Location } from '../chain/proof/link.ts';
import { type AcceptedImport, acceptImports, type ImportWanted } from '../imports/accept-imports.ts';
import type { OperationRun } from '../operations/run-operation.ts';
import { isSince } from '../operations/stored-times.ts';
import { compareListing, type Sighting } from './compare-listing.ts';
import { findAncestors, type Lineage, noteLineage } from './find-ancestors.ts';
import { type Found, findingOfShared, makeFindings } from './make-findings.ts';
import { OutsideAncestors } from './outside-ancestors.ts';
import { problemOf } from './scan-problem.ts';
import { compileTemplate, type ScanRequest } from './scan-request.ts';

/** Backups that are looked up, described and recorded together. */
const batchSize = 100;
/**
 * Maximum number of pages whose backups wait to be recorded together. It is one page at first, and one more for every
 * ten pages of the listing, so that a short scan shows what it finds at once, and a long one records in fewer steps.
 */
const batchPagesMax = 10;
/**
 * Maximum number of missing records whose dependants are imported. If more are missing, the brake on removals handles
 * them.
 */
const absentMax = 10_000;
/** Milliseconds for which a scan remembers which files packages reference: it may take hours. */
const packagesKnownForMs = 60_000;

/** Number of backups found in each state; states that did not occur are left out. */
export type ScanCounts = { readonly [State in FindingState]?: number };

/** The totals of a scan that saw the whole listing. */
export type ScanTotals = {
  readonly objects: number;
  readonly passedOver: number;
  readonly minioFiles: number;
  readonly found: number;
  /** Backups whose metadata was read. */
  readonly described: number;
  readonly imports: number;
  /** Backups that were found and are incomplete or unreadable. */
  readonly problems: number;
  readonly states: ScanCounts;
};

/** The counts that are shown while a scan runs. */
export function progressOf(totals: Omit<ScanTotals, 'states' | 'passedOver' | 'minioFiles'>): OperationProgress {
  return {
    objects_listed: totals.objects,
    backups_found: totals.found,
    described: totals.described,
    imports_accepted: totals.imports,
    problems: totals.problems,
  };
}

/** Called with each batch once its findings are on disk. */
export type BatchListener = (found: readonly Found[], importIds: readonly (string | null)[]) => Promise<void>;

/**
 * Lists the prefix once and finds the backups there. Records the findings and, if requested, accepts imports, batch by
 * batch. Keeps few pages of the listing and one batch of findings in memory. Returns only after a complete listing.
 * Throws listing errors, and the signal's reason; the batches so far are kept.
 */
export async function scanBucket(run: OperationRun, request: ScanRequest, onBatch: BatchListener): Promise<ScanTotals> {
  const { operation, services, storage, signal } = run;
  const { prefix, formats } = request;
  const { bucketName, projectId } = operation;
  const nowMs = () => services.world.clock.nowMs();
  const findProofs = (ids: readonly string[]) => services.catalogue.backups.findProofs(projectId, ids);
  const {
    catalogue,
    work: { outages },
  } = services;
  const { onFault } = run;
  const packages = { memory: new PackageMemory(nowMs), notBeforeMs: () => nowMs() - packagesKnownForMs };
  const context = {
    ...{ storage, catalogue, findProofs, projectId, bucketName, outages, signal, nowMs, packages, onFault },
    trustedRoots: services.work.trustedRoots(),
  };
  const outside = new OutsideAncestors(context, prefix);
  const template = request.pathTemplate === null ? null : compileTemplate(request.pathTemplate);
  const states: { [State in FindingState]?: number } = {};
  const lineage: Lineage = new Map();
  /** Image paths with a record but no listed object. */
  const absent = new Set<string>();
  let absentCount = 0;
  let [objects, found, described, imports, problems, sequence] = [0, 0, 0, 0, 0, 0];
  let [passedOver, minioFiles] = [0, 0];
  let [pages, gatheredPages] = [0, 0];
  let gathered: Sighting[] = [];

  for await (const page of compareListing(context, { prefix, formats, template })) {
    objects += page.objects;
    passedOver += page.passedOver;
    minioFiles += page.minioFiles;
    report();
    gathered.push(...page.sightings);
    pages += 1;
    gatheredPages += 1;
    if (gathered.length >= batchSize || gatheredPages >= Math.min(batchPagesMax, pages / batchPagesMax)) {
      await take(gathered);
      gathered = [];
      gatheredPages = 0;
    }
    if (page.shared.length > 0) await keep(page.shared.map((problem) => findingOfShared(bucketName, problem)));
    absentCount += page.absent.length;
    if (absentCount <= absentMax) for (const imagePath of page.absent) absent.add(imagePath);
  }
  await take(gathered);
  if (request.sync && absentCount <= absentMax) await examineChildren([...absent]);
  for await (const ancestors of findAncestors(context, outside, { prefix, formats }, lineage)) await take(ancestors);
  return { objects, passedOver, minioFiles, found, described, imports, problems, states };

  async function take(sightings: readonly Sighting[]): Promise<void> {
    for (let start = 0; start < sightings.length; start += batchSize) {
      signal.throwIfAborted();
      const made = await makeFindings(context, sightings.slice(start, start + batchSize), outside);
      const importIds = await bringIn(made);
      await keep(made.map(({ finding }, index) => ({ ...finding, operation_log_id: importIds[index] ?? null })));
      await onBatch(made, importIds);
      for (const { finding } of made) states[finding.state] = (states[finding.state] ?? 0) + 1;
      found += made.length;
      described += made.filter(({ isDescribed }) => isDescribed).length;
      if (request.withAncestors) noteLineage(lineage, prefix, made);
      report();
    }
  }

  /**
   * Imports the backups that build on unlisted ones: they are no longer whole, whether or not the parent is marked as
   * vanished.
   */
  async function examineChildren(imagePaths: readonly string[]): Promise<void> {
    const place = { projectId, storageUnitId: storage.id, bucketName, imagePaths };
    const gone = (await catalogue.backups.knownAtPlaces(place)).filter(({ isForgotten }) => !isForgotten);
    const ids = gone.map(({ record }) => record.backupId);
    const whole = (await catalogue.backups.knownChildren(projectId, ids)).filter(
      ({ record }) => record.status === 'available' && !isAbsent(record.location),
    );
    if (whole.length === 0) return;
    await accept(whole.map(({ record }) => ({ item: itemOfRecord(record), proofsNotBeforeMs: null })));
  }

  function isAbsent({ storageUnitId, bucketName: bucket, imagePath }: Location): boolean {
    return storageUnitId === storage.id && bucket === bucketName && absent.has(imagePath);
  }

  /** Accepts imports of the findings that are due. Returns one id per finding, null if it is not imported. */
  async function bringIn(made: readonly Found[]): Promise<readonly (string | null)[]> {
    if (!request.sync) return made.map(() => null);
    const { reverifyAfterS } = request;
    const lookedAtMs = nowMs();
    const notBeforeMs = reverifyAfterS === null ? null : lookedAtMs - reverifyAfterS * 1000;
    const wanted = made.map(({ finding, known }) => {
      const isOld =
        notBeforeMs !== null && known !== null && !isSince(known.record.verifiedAtMs, notBeforeMs, lookedAtMs);
      const isDue = isToSync(finding.state) || (finding.state === 'known' && isOld);
      return isDue && finding.sync !== null
        ? { item: finding.sync, proofsNotBeforeMs: isOld ? notBeforeMs : null }
        : null;
    });
    if (wanted.every((each) => each === null)) return wanted.map(() => null);
    const due = wanted.filter((each) => each !== null);
    const next = (await accept(due)).values();
    return wanted.map((each) => (each === null ? null : (next.next().value?.id ?? null)));
  }

  async function accept(wanted: readonly ImportWanted[]): Promise<readonly AcceptedImport[]> {
    await services.work.backlog.untilRoom(projectId, wanted.length, signal);
    const accepted = await acceptImports(services, wanted, {
      projectId,
      actor: operation.actor,
      requestId: operation.requestId,
      parentOperationId: operation.id,
      withAncestors: false,
      lane: operation.lane,
    });
    imports += accepted.length;
    return accepted;
  }

  async function keep(findings: readonly ScanFinding[]): Promise<void> {
    // A source runs repeatedly: unchanged, whole backups are only counted, so that findings do not pile up.
    const kept = findings.filter(
      ({ state, problem, operation_log_id }) =>
        operation.sourceId === null || state !== 'known' || problem !== null || operation_log_id !== null,
    );
    const numbered = kept.map((finding) => {
      sequence += 1;
      // A finding is plain data that can be sent as JSON.
      return {
        sequence,
        finding: finding as Json,
        problem: request.sync ? problemOf(finding, request, nowMs()) : null,
      };
    });
    if (!(await services.catalogue.operations.addFindings(operation.id, operation.epoch, numbered))) {
      throw new LeaseLostError(`scan ${operation.id} was taken over while it ran`);
    }
    problems += findings.filter(hasProblem).length;
  }

  function report(): void {
    run.report(progressOf({ objects, found, described, imports, problems }));
  }
}
