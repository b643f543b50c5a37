import { type FindingState, hasProblem, isToSync, type ScanFinding } from '@backup-sync/contracts';
import type { Json, TaskProgress } from '../../catalogue/task-port.ts';
import { acceptImports, queueImports } from '../backups/accept-imports.ts';
import type { TaskRun } from '../tasks/run-task.ts';
import { findAncestors, type Lineage, noteLineage } from './find-ancestors.ts';
import { type Candidate, findCandidates } from './find-candidates.ts';
import { type Found, makeFindings } from './make-findings.ts';
import { compileTemplate, type ScanRequest } from './scan-request.ts';

/** Backups that are looked up, described and recorded together. */
const batchSize = 100;

/** How many backups of each state were found; states that did not occur are left out. */
export type ScanCounts = { readonly [State in FindingState]?: number };

/** What a scan that saw the whole listing comes to. */
export type ScanTotals = {
  readonly objects: number;
  readonly passedOver: number;
  readonly minioFiles: number;
  readonly found: number;
  /** Backups whose metadata was read. */
  readonly described: number;
  readonly imports: number;
  /** Found, and incomplete or not to be read. */
  readonly problems: number;
  readonly states: ScanCounts;
};

/** The counts that are shown while a scan runs. */
export function progressOf(totals: Omit<ScanTotals, 'states' | 'passedOver' | 'minioFiles'>): TaskProgress {
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
 * Lists the prefix once, and finds, records and, where asked for, brings in what lies there, batch by batch: what is held
 * at a time is a page of the listing and a batch of findings. Ends only when the listing was complete. Throws what
 * listing throws, and the signal's reason; what was found until then stays.
 */
export async function scanBucket(run: TaskRun, request: ScanRequest, onBatch: BatchListener): Promise<ScanTotals> {
  const { task, services, storage, signal } = run;
  const { prefix, formats } = request;
  const { bucketName, projectId } = task;
  const nowMs = () => services.clock.nowMs();
  const context = { storage, knownBackups: services.knownBackups, projectId, bucketName, signal, nowMs };
  const template = request.pathTemplate === null ? null : compileTemplate(request.pathTemplate);
  const states: { [State in FindingState]?: number } = {};
  const lineage: Lineage = new Map();
  let [objects, found, described, imports, problems, sequence] = [0, 0, 0, 0, 0, 0];
  let [passedOver, minioFiles] = [0, 0];

  const pages = storage.list({ bucket: bucketName, prefix, signal });
  for await (const page of findCandidates(pages, { prefix, formats, template })) {
    objects += page.objects;
    passedOver += page.passedOver;
    minioFiles += page.minioFiles;
    report();
    await take(page.candidates);
  }
  for await (const ancestors of findAncestors(context, { prefix, formats }, lineage)) await take(ancestors);
  return { objects, passedOver, minioFiles, found, described, imports, problems, states };

  async function take(candidates: readonly Candidate[]): Promise<void> {
    for (let start = 0; start < candidates.length; start += batchSize) {
      signal.throwIfAborted();
      const batch = candidates.slice(start, start + batchSize);
      const made = await makeFindings(context, batch);
      const importIds = await bringIn(made);
      await keep(made.map(({ finding }, index) => ({ ...finding, operation_log_id: importIds[index] ?? null })));
      await onBatch(made, importIds);
      described += made.filter(({ isDescribed }) => isDescribed).length;
      if (request.withAncestors) noteLineage(lineage, prefix, made);
      report();
    }
  }

  /** Accepts what is to be brought in; the ids stand at the places of their findings. */
  async function bringIn(made: readonly Found[]): Promise<readonly (string | null)[]> {
    if (!request.sync) return made.map(() => null);
    const { reverifyAfterS } = request;
    const notBeforeMs = reverifyAfterS === null ? null : nowMs() - reverifyAfterS * 1000;
    const wanted = made.map(({ finding, known }) => {
      const isOld = notBeforeMs !== null && known !== null && known.record.verifiedAtMs < notBeforeMs;
      const isDue = isToSync(finding.state) || (finding.state === 'known' && isOld);
      return isDue && finding.sync !== null
        ? { item: finding.sync, proofsNotBeforeMs: isOld ? notBeforeMs : null }
        : null;
    });
    if (wanted.every((each) => each === null)) return wanted.map(() => null);
    const due = wanted.filter((each) => each !== null);
    const accepted = await acceptImports(services, due, {
      projectId,
      actor: task.actor,
      requestId: task.requestId,
      parentOperationId: task.id,
      withAncestors: false,
    });
    queueImports(services, accepted);
    imports += accepted.length;
    const next = accepted.values();
    return wanted.map((each) => (each === null ? null : (next.next().value?.id ?? null)));
  }

  async function keep(findings: readonly ScanFinding[]): Promise<void> {
    const numbered = findings.map((finding) => {
      sequence += 1;
      // A finding is plain data, made to cross the wire as JSON.
      return { sequence, finding: finding as Json };
    });
    if (!(await services.taskStore.addFindings(task.id, task.epoch, numbered))) {
      throw new Error(`scan ${task.id} was taken over while it ran`);
    }
    for (const { state } of findings) states[state] = (states[state] ?? 0) + 1;
    problems += findings.filter(hasProblem).length;
    found += findings.length;
  }

  function report(): void {
    run.report(progressOf({ objects, found, described, imports, problems }));
  }
}
