import type { BackupRecord } from '../catalogue/backup-records.ts';
import type { EndedOperation, ImportFinish, ImportFinished, ItemOperation } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import { cycleFault } from '../chain/proof/chain-verdict.ts';
import type { Fault } from '../chain/proof/link.ts';
import { meterProofs } from '../meter.ts';
import { type AttemptBeginning, nextAttemptAtMs } from '../operations/retry.ts';
import type { Services } from '../services.ts';
import type { ChainLook, Seen } from './chain-look.ts';
import { decideSync } from './decide-sync.ts';

/**
 * Milliseconds for which results are gathered, to be recorded in one step. Few enough that nobody waits for them, and
 * that little has to be done again after a kill.
 */
const gatheredForMs = 20;
/** Maximum number of results in one step: beyond 64 backups, a step would lock the whole project. */
const recordedAtOnceMax = 50;

/** The operation of a backup that was examined, and the result. */
type Result = {
  readonly operation: ItemOperation;
  readonly seen: Seen;
  /** What else its message says. */
  readonly addition: string;
};

type RecorderOptions = {
  readonly services: Services;
  readonly look: ChainLook;
  readonly began: AttemptBeginning;
  readonly onFault: (operationId: string, error: unknown) => void;
};

/**
 * Records the results of a chain in the order in which they come, several in one step if they come quickly. Ends each
 * operation, or makes it wait for the import of a missing parent or for another attempt.
 */
export class ResultRecorder {
  /** The operations that have ended so far. */
  readonly ended: EndedOperation[] = [];
  readonly #options: RecorderOptions;
  readonly #gathered: Result[] = [];
  #timer: NodeJS.Timeout | undefined;
  #recording: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Takes a result, which is recorded soon. Throws the error of the catalogue if earlier results could not be. */
  add(operation: ItemOperation, seen: Seen, addition = ''): void {
    if (this.#failure !== null) throw this.#failure.error;
    this.#gathered.push({ operation, seen, addition });
    this.#timer ??= setTimeout(() => this.#begin(), gatheredForMs);
  }

  /** Waits until all results that were taken are recorded. Throws catalogue errors. */
  async flush(): Promise<void> {
    this.#begin();
    await this.#recording;
    if (this.#failure !== null) throw this.#failure.error;
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const results = this.#gathered.splice(0);
    if (results.length === 0) return;
    this.#recording = this.#recording.then(async () => {
      try {
        if (this.#failure === null) await this.#recordAll(results);
      } catch (error) {
        this.#failure = { error };
      }
    });
  }

  async #recordAll(results: readonly Result[]): Promise<void> {
    const wanted: Result[] = [];
    for (const result of results) if (!(await this.#looksAgain(result))) wanted.push(result);
    for (let at = 0; at < wanted.length; ) at += await this.#recordSome(wanted.slice(at, at + recordedAtOnceMax));
  }

  /** Whether the deadline of another operation ended the look that they share. This one then gets another look. */
  async #looksAgain({ operation, seen }: Result): Promise<boolean> {
    const { services, look } = this.#options;
    const { queue, storedTimes } = services.work;
    const isOutOfTime = seen.kind === 'unseen' && seen.fault.code === 'deadline_exceeded';
    if (!isOutOfTime || operation.deadlineAtMs <= (await storedTimes.nowMs())) return false;
    await queue.add({ kind: 'chain', chain: look.chain, lane: operation.lane, notBeforeMs: null });
    return true;
  }

  /** Records at least the first of these results. Returns how many. */
  async #recordSome(results: readonly Result[]): Promise<number> {
    const [first] = results;
    if (first === undefined) return 0;
    const together = await this.#recordTogether(results);
    if (together > 0) return together;
    await this.#recordOne(first);
    return 1;
  }

  /** Records as many of the first results as can be recorded in one step. Returns how many. */
  async #recordTogether(results: readonly Result[]): Promise<number> {
    const { catalogue } = this.#options.services;
    const { projectId } = this.#options.look.chain;
    try {
      const ids = results.map(({ operation }) => operation.item.backup_id);
      const records = await catalogue.backups.showBackups(projectId, ids);
      const recordOf = new Map(records.map((record) => [record.backupId, record]));
      const finishes: ImportFinish[] = [];
      for (const result of results) {
        const outcome = this.#decide(result, recordOf.get(result.operation.item.backup_id) ?? null);
        if (outcome.kind === 'retry') break;
        // Each ends later than the one before, so that lists by time show them in this order.
        const endedAtMs = Math.max(outcome.finish.endedAtMs, (finishes.at(-1)?.endedAtMs ?? 0) + 1);
        finishes.push({ ...outcome.finish, endedAtMs });
      }
      if (finishes.length === 0) return 0;
      const finished = await catalogue.operations.finishImports(projectId, finishes);
      this.ended.push(...finished.flatMap(({ ended }) => ended));
      for (const [index, { result }] of finished.entries()) this.#meter(result, finishes[index]);
      const last = finished.at(-1)?.result;
      return last === 'stale_record' || last === 'cycle' ? finished.length - 1 : finished.length;
    } catch (error) {
      if (isCatalogueFault(error)) throw error;
      // Which of them cannot be recorded is found out one by one.
      return 0;
    }
  }

  /** Records a result. If that is impossible, its operation ends with `internal`, so that it does not delay others. */
  async #recordOne(result: Result): Promise<void> {
    try {
      await this.#record(result);
    } catch (error) {
      // The queue tries again: nothing is wrong with the backup.
      if (isCatalogueFault(error)) throw error;
      const { operation, seen } = result;
      this.#options.onFault(operation.id, error);
      const detail = `see the server's log for operation ${operation.id}`;
      const unseen: Seen = { kind: 'unseen', fault: { code: 'internal', detail }, requests: seen.requests };
      await this.#record({ operation, seen: unseen, addition: '' });
    }
  }

  /** Records the result. If the record has changed meanwhile, decides again. */
  async #record({ operation, seen: firstSeen, addition }: Result): Promise<void> {
    const { services } = this.#options;
    const { catalogue } = services;
    const { id: operationId, epoch, projectId, item } = operation;
    let seen = firstSeen;
    while (true) {
      const current = await catalogue.backups.showBackup(projectId, item.backup_id);
      const outcome = this.#decide({ operation, seen, addition }, current);
      if (outcome.kind === 'retry') {
        const attempt = { operationId, epoch, failedAtMs: services.world.clock.nowMs(), requests: seen.requests };
        const { notBeforeMs, fault } = outcome;
        const retried = await catalogue.operations.retryOperation({ ...attempt, notBeforeMs, fault });
        this.ended.push(...(retried?.ended ?? []));
        return;
      }
      const finished = await catalogue.operations.finishImport(outcome.finish);
      if (finished.result === 'cycle') seen = asCycle(seen, finished.way);
      if (finished.result === 'cycle' || finished.result === 'stale_record') continue;
      // `stale_epoch`: another worker has started the operation and will end it.
      this.ended.push(...finished.ended);
      this.#meter(finished.result, outcome.finish);
      return;
    }
  }

  #meter(result: ImportFinished['result'], finish: ImportFinish | undefined): void {
    if (result === 'finished') meterProofs(this.#options.services.world.meter, finish?.proofs ?? []);
  }

  #decide(
    { operation, seen, addition }: Result,
    current: BackupRecord | null,
  ):
    | { readonly kind: 'finish'; readonly finish: ImportFinish }
    | { readonly kind: 'retry'; readonly notBeforeMs: number; readonly fault: Fault } {
    const { services, look, began } = this.#options;
    const { id: operationId, epoch, projectId, item, storageUnitId } = operation;
    const nowMs = services.world.clock.nowMs();
    const location = { storageUnitId, bucketName: item.bucket_name, imagePath: item.image_path };
    const isRequest = operation.parentOperationId === null;
    const decision = decideSync({ item, projectId, location, current, isRequest, nowMs }, seen);
    const { fault } = decision;
    // A result about the backup is recorded. A look without one may be retried.
    if (fault !== null && decision.record === null) {
      const notBeforeMs = nextAttemptAtMs(services, operation, began, fault.code);
      if (notBeforeMs !== null) return { kind: 'retry', notBeforeMs, fault };
    }
    const finish = {
      ...decision,
      message: decision.message + addition,
      operationId,
      epoch,
      endedAtMs: services.world.clock.nowMs(),
      requests: seen.requests,
      decidedOnRevision: current?.revision ?? null,
      missingParent: look.missingParentOf(seen),
    };
    return { kind: 'finish', finish };
  }
}

/** Turns a backup that waits for itself into a cycle: backups that wait for each other build on each other. */
function asCycle(seen: Seen, way: readonly string[]): Seen {
  if (seen.kind === 'unseen') return seen;
  const examination = { ...seen.examination, level: null, fault: cycleFault(way), missingParentId: null };
  return { ...seen, examination };
}
