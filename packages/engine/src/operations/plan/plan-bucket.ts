import {
  type BackupSync,
  type BucketPlanItem,
  type BucketPlanResult,
  isToSync,
  type PlanClass,
} from '@backup-sync/contracts';
import { itemOfRecord } from '../../catalogue/item-of-record.ts';
import type { RecordedPlace } from '../../catalogue/known-backup-port.ts';
import type { Json } from '../../catalogue/task-port.ts';
import { chainRootOf } from '../../chain/examiner.ts';
import type { Fault } from '../../chain/link.ts';
import { deadlineDetail } from '../../deadline.ts';
import { countRequests } from '../../storage/counted-storage-unit.ts';
import type { ObjectEntry } from '../../storage/port.ts';
import { type Candidate, findCandidates } from '../scans/find-candidates.ts';
import { type FindingContext, type Found, makeFindings } from '../scans/make-findings.ts';
import { isPassedOver } from '../scans/passed-over.ts';
import { compileTemplate } from '../scans/scan-request.ts';
import { faultOfUnrecognised } from '../scans/unrecognised.ts';
import type { TaskOutcome, TaskRun } from '../tasks/run-task.ts';
import { bucketPlanRequestOf } from './bucket-plan-request.ts';
import { ForecastTally } from './forecast.ts';
import { planChains } from './plan-chains.ts';
import { planAtPlace, planLeftAlone, planVanished } from './plan-finding.ts';
import { type MissedPlace, RecordedPlaces } from './recorded-places.ts';

/** Backups that are looked up, described and planned together. */
const batchSize = 100;
/** Links of one chain that are waited for at most, so that the chain is listed once. */
const chainLinksMax = 1000;
/** Recorded places read from the catalogue at a time. */
const placesAtOnce = 1000;

/**
 * The work of a plan of a bucket: goes through it as a scan with `sync` does, and through the records below the prefix
 * beside it, and says of each backup what such a scan would do. Changes nothing. What is held at a time is a page of the
 * listing and the links of a batch, with the image paths of what is recorded and not listed: that this has vanished is
 * said when the listing is complete.
 */
export async function planBucket(run: TaskRun): Promise<TaskOutcome> {
  const plan = new BucketPlan(run);
  await plan.work();
  const { result } = plan;
  const backups = Object.values(result.classes).reduce((sum, count) => sum + count, 0);
  const message = `the listing is complete: ${result.objects} objects, ${backups} backups planned`;
  return { message, fault: plan.fault, result: result as Json };
}

class BucketPlan {
  readonly #run: TaskRun;
  readonly #prefix: string;
  readonly #template: ReturnType<typeof compileTemplate> | null;
  readonly #finding: FindingContext;
  /** What the scan itself asks for, beside what its imports do. */
  readonly #scanRequests: ReturnType<typeof countRequests>;
  readonly #forecast: ForecastTally;
  readonly #recorded: RecordedPlaces;
  /** To be brought in, until the whole chain has come by. */
  #due: BackupSync[] = [];
  /** Image paths at which something is recorded and nothing was listed. */
  readonly #absent: string[] = [];
  /** Image paths that a backup which was found elsewhere is recorded at. */
  readonly #movedFrom = new Set<string>();
  readonly #classes: { [Class in PlanClass]?: number } = {};
  #objects = 0;
  #passedOver = 0;
  #minioFiles = 0;
  #found = 0;
  #planned = 0;

  constructor(run: TaskRun) {
    const { task, services, storage, signal } = run;
    const { prefix, pathTemplate } = bucketPlanRequestOf(task.request);
    const { projectId, bucketName } = task;
    this.#run = run;
    this.#prefix = prefix;
    this.#template = pathTemplate === null ? null : compileTemplate(pathTemplate);
    this.#scanRequests = countRequests(storage);
    this.#finding = {
      storage: this.#scanRequests.unit,
      knownBackups: services.knownBackups,
      projectId,
      bucketName,
      signal,
      nowMs: () => services.clock.nowMs(),
    };
    this.#forecast = new ForecastTally(services.rateOf, services.chainsAtOnce);
    this.#recorded = new RecordedPlaces(this.#placesBelow());
  }

  /** Known once the work is done. */
  get result(): BucketPlanResult {
    return { objects: this.#objects, classes: this.#classes, forecast: this.#forecast.finish() };
  }

  /** Known once the work is done. */
  get fault(): Fault | null {
    const totals = {
      objects: this.#objects,
      passedOver: this.#passedOver,
      minioFiles: this.#minioFiles,
      found: this.#found,
    };
    return faultOfUnrecognised(totals, { bucketName: this.#finding.bucketName, prefix: this.#prefix });
  }

  async work(): Promise<void> {
    const wanted = { prefix: this.#prefix, formats: null, template: this.#template };
    for await (const page of findCandidates(this.#pages(), wanted)) {
      this.#objects += page.objects;
      this.#passedOver += page.passedOver;
      this.#minioFiles += page.minioFiles;
      this.#found += page.candidates.length;
      for (const { imagePath } of page.candidates) this.#recorded.found(imagePath);
      await this.#take(page.candidates);
      await this.#takeMissed(this.#recorded.takeMissed());
      this.#report();
    }
    let missed: MissedPlace[] = [];
    for await (const place of this.#recorded.rest()) {
      missed.push(place);
      if (missed.length < batchSize) continue;
      await this.#takeMissed(missed);
      missed = [];
    }
    await this.#takeMissed(missed);
    await this.#planDue(() => true);
    await this.#planVanished();
    this.#forecast.add({ bucketName: this.#finding.bucketName, ...this.#scanRequests.count() });
  }

  async *#pages(): AsyncGenerator<readonly ObjectEntry[]> {
    const { storage, bucketName, signal } = this.#finding;
    for await (const page of storage.list({ bucket: bucketName, prefix: this.#prefix, signal })) {
      await this.#recorded.pass(page);
      yield page;
    }
  }

  async *#placesBelow(): AsyncGenerator<RecordedPlace> {
    const { knownBackups, projectId, bucketName, storage } = this.#finding;
    const below = { projectId, storageUnitId: storage.id, bucketName, prefix: this.#prefix, limit: placesAtOnce };
    let after = '';
    while (true) {
      const places = await knownBackups.placesBelow({ ...below, after });
      yield* places;
      if (places.length < placesAtOnce) return;
      after = places.at(-1)?.imagePath ?? after;
    }
  }

  async #take(candidates: readonly Candidate[]): Promise<void> {
    for (let start = 0; start < candidates.length; start += batchSize) {
      this.#finding.signal.throwIfAborted();
      const made = await makeFindings(this.#finding, candidates.slice(start, start + batchSize));
      const leftAlone: Found[] = [];
      for (const found of made) {
        const { state, sync } = found.finding;
        if (state === 'moved') this.#noteMove(found);
        if (isToSync(state) && sync !== null) this.#due.push(sync);
        else leftAlone.push(found);
      }
      await this.#keep(leftAlone.map(planLeftAlone));
      await this.#planWholeChains();
    }
  }

  #noteMove({ known }: Found): void {
    const location = known?.record.location;
    if (location?.bucketName === this.#finding.bucketName) this.#movedFrom.add(location.imagePath);
  }

  /** Of what lies there and is recorded, a sync says what is the matter, where its format is known. */
  async #takeMissed(gonePast: readonly MissedPlace[]): Promise<void> {
    const missed = gonePast.filter(({ imagePath }) => !isPassedOver(imagePath, this.#prefix));
    for (const { imagePath, isListed } of missed) if (!isListed) this.#absent.push(imagePath);
    const unmarked = missed.filter(({ isListed, format }) => isListed && format !== 'unknown');
    for (let start = 0; start < unmarked.length; start += batchSize) {
      const known = await this.#knownAt(unmarked.slice(start, start + batchSize).map(({ imagePath }) => imagePath));
      this.#due.push(...known.map(({ record }) => itemOfRecord(record)));
      await this.#planWholeChains();
    }
  }

  /** Plans what waits, but for the chain that is still coming by. */
  async #planWholeChains(): Promise<void> {
    const last = this.#due.at(-1);
    if (last === undefined || this.#due.length < batchSize) return;
    const isLong = this.#due.length >= chainLinksMax;
    const present = chainRootOf(last.image_path);
    await this.#planDue((item) => isLong || chainRootOf(item.image_path) !== present);
  }

  async #planDue(isWanted: (item: BackupSync) => boolean): Promise<void> {
    let items = this.#due.filter(isWanted);
    this.#due = this.#due.filter((item) => !isWanted(item));
    const { services, storage, signal, task } = this.#run;
    const ends = { stopping: signal, deadline: { signal, detail: deadlineDetail } };
    while (items.length > 0) {
      // Copies have one id: an import of one comes behind that of the other.
      const byId = new Map(items.toReversed().map((item) => [item.backup_id, item]));
      const first = items.filter((item) => byId.get(item.backup_id) === item);
      items = items.filter((item) => byId.get(item.backup_id) !== item);
      const chains = await planChains({ ...services, storage }, task.projectId, first, ends);
      for (const { bucketName, cost } of chains) this.#forecast.add({ bucketName, ...cost });
      const planned = chains.flatMap((chain) => chain.items);
      await this.#keep(
        planned.flatMap((each) => {
          const item = byId.get(each.backup_id);
          return item === undefined ? [] : [planAtPlace(item, each)];
        }),
      );
    }
  }

  async #planVanished(): Promise<void> {
    const gone = this.#absent.filter((imagePath) => !this.#movedFrom.has(imagePath));
    for (let start = 0; start < gone.length; start += batchSize) {
      const known = await this.#knownAt(gone.slice(start, start + batchSize));
      await this.#keep(known.map(planVanished));
    }
  }

  async #knownAt(imagePaths: readonly string[]) {
    const { knownBackups, projectId, bucketName, storage } = this.#finding;
    const known = await knownBackups.knownAtPlaces({ projectId, storageUnitId: storage.id, bucketName, imagePaths });
    return known.filter(({ isForgotten }) => !isForgotten);
  }

  async #keep(items: readonly BucketPlanItem[]): Promise<void> {
    if (items.length === 0) return;
    const { services, task } = this.#run;
    const numbered = items.map((item, index) => ({ sequence: this.#planned + index + 1, finding: item as Json }));
    if (!(await services.taskStore.addFindings(task.id, task.epoch, numbered))) {
      throw new Error(`plan ${task.id} was taken over while it ran`);
    }
    this.#planned += items.length;
    for (const item of items) this.#classes[item.class] = (this.#classes[item.class] ?? 0) + 1;
    this.#report();
  }

  #report(): void {
    this.#run.report({ objects_listed: this.#objects, backups_planned: this.#planned });
  }
}
