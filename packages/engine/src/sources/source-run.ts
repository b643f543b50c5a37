import { isToSync, reasons } from '@backup-sync/contracts';
import pLimit from 'p-limit';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import type { SourceMember, SourceRecord } from '../catalogue/source-records.ts';
import { acceptImports } from '../imports/accept-imports.ts';
import type { OperationRun } from '../operations/run-operation.ts';
import { liesAt } from '../scans/lies-at.ts';
import type { Found } from '../scans/make-findings.ts';
import { isPassedOver, snapshotFolders } from '../scans/passed-over.ts';
import { decideRemovals } from './decide-removals.ts';

/** Backups that are looked for directly and marked together. */
const batchSize = 100;
const looksAtOnce = 8;

/** Result of the removals of a run: the number of records marked as vanished, and whether the source is held. */
export type Removals = { readonly vanished: number; readonly held: boolean };

/** Thrown when the source was removed during its run. */
export class SourceGoneError extends Error {
  override readonly name = 'SourceGoneError';
}

/** The part of a source's run that a plain scan does not have: its members, and the brake on removals. */
export class SourceRun {
  readonly #run: OperationRun;
  readonly #source: SourceRecord;
  readonly #isConfirmed: boolean;
  #seen = 0;
  #passingProblems = 0;

  constructor(run: OperationRun, source: SourceRecord, isConfirmed: boolean) {
    this.#run = run;
    this.#source = source;
    this.#isConfirmed = isConfirmed;
  }

  /**
   * Records the members seen in a batch of findings, without forgotten backups and copies.
   * Throws {@link SourceGoneError}.
   */
  async note(found: readonly Found[], importIds: readonly (string | null)[]): Promise<void> {
    const { services, operation } = this.#run;
    const recognised = found.filter(({ isRecognised }) => isRecognised).length;
    const sightings = found.flatMap(({ finding, known, isDescribed, isRecognised }, index) => {
      const { state, sync, problem, image_path } = finding;
      // A backup without its commit mark is not a backup yet. It may never become one, so it must not delay the source.
      if (isDescribed && problem !== null && reasons[problem.code].retry !== 'final') this.#passingProblems += 1;
      const isMember = state === 'known' || isToSync(state) || known?.record.location.imagePath === image_path;
      if (sync === null || !isMember || !isRecognised || state === 'forgotten') return [];
      return { imagePath: image_path, backupId: sync.backup_id, importOperationId: importIds[index] ?? null };
    });
    this.#seen += recognised;
    if (!(await services.catalogue.sourceRuns.noteSightings(this.#source.id, operation.id, sightings))) {
      throw new SourceGoneError(`source ${this.#source.name} was removed`);
    }
  }

  /** Decides about backups that the complete listing did not show, and acts on it. Throws storage errors. */
  async conclude(objects: number): Promise<Removals> {
    const { services, operation } = this.#run;
    const {
      catalogue,
      world: { clock },
    } = services;
    const passedOver = snapshotFolders.filter((folder) => isPassedOver(`${folder}/`, this.#source.prefix));
    const closed = await catalogue.sourceRuns.closeListing(this.#source.id, operation.id, passedOver);
    const now = await catalogue.sources.showSource(this.#source.projectId, this.#source.id);
    const decision = decideRemovals({
      ...closed,
      seen: this.#seen,
      removalShare: this.#source.removalShare,
      isHeld: now?.heldAtMs != null,
      isConfirmed: this.#isConfirmed,
    });
    let vanished = 0;
    if (decision.kind === 'hold')
      await catalogue.sourceRuns.hold(this.#source.id, operation.id, decision.cause, clock.nowMs());
    else if (decision.kind === 'mark') vanished = await this.#mark(false);
    else if (decision.kind === 'mark_confirmed') vanished = await this.#mark(true);
    const isReleased = this.#isConfirmed || decision.kind === 'release';
    if (isReleased) await catalogue.sourceRuns.release(this.#source.id);
    // A listing without objects may mean a wrong prefix, so it is never a good sync.
    if (this.#passingProblems === 0 && objects > 0)
      await catalogue.sourceRuns.awaitImports(this.#source.id, operation.id);
    const isHeld = decision.kind === 'hold' || (now?.heldAtMs != null && !isReleased);
    return { vanished, held: isHeld };
  }

  /** Looks for each due member once more, and marks those that are gone. Returns how many it marked. */
  async #mark(onlyHeld: boolean): Promise<number> {
    const { services, operation, signal } = this.#run;
    const sourceId = this.#source.id;
    let after = '';
    let vanished = 0;
    while (true) {
      signal.throwIfAborted();
      const due = await services.catalogue.sourceRuns.dueMembers({
        sourceId,
        runId: operation.id,
        onlyHeld,
        after,
        limit: batchSize,
      });
      const last = due.at(-1);
      if (last === undefined) return vanished;
      after = last.imagePath;
      const place = { storageUnitId: this.#source.storageUnitId, bucketName: this.#source.bucketName };
      const isThere = await pLimit(looksAtOnce).map(due, ({ imagePath, format }) =>
        liesAt(this.#run.storage, { ...place, imagePath }, format, signal),
      );
      await this.#examine(due.filter((_, index) => isThere[index]));
      vanished += await services.catalogue.sourceRuns.markVanished({
        sourceId,
        runId: operation.id,
        unchangedSinceMs: operation.startedAtMs ?? operation.createdAtMs,
        markedAtMs: services.world.clock.nowMs(),
        members: due.filter((_, index) => !isThere[index]),
      });
    }
  }

  /** Imports members that the listing missed although objects of them are stored: the import records what is wrong. */
  async #examine(members: readonly SourceMember[]): Promise<void> {
    if (members.length === 0) return;
    const { services, operation } = this.#run;
    const ids = members.map(({ backupId }) => backupId);
    const known = await services.catalogue.backups.knownByIds(operation.projectId, ids);
    const { projectId, actor, requestId, lane } = operation;
    const imports = known.map(({ record }) => ({ item: itemOfRecord(record), proofsNotBeforeMs: null }));
    const origin = { projectId, actor, requestId, parentOperationId: operation.id, withAncestors: false, lane };
    await services.work.backlog.untilRoom(projectId, imports.length, this.#run.signal);
    await acceptImports(services, imports, origin);
    await services.catalogue.sourceRuns.keepMembers(
      this.#source.id,
      members.map(({ imagePath }) => imagePath),
    );
  }
}
