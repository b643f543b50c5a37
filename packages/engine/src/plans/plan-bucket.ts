import {
  type BackupSync,
  type BucketPlanItem,
  type BucketPlanResult,
  counted,
  isToSync,
  type PlanClass,
} from '@backup-sync/contracts';
import { LeaseLostError } from '../catalogue/fence.ts';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import type { KnownBackup } from '../catalogue/known-backup.ts';
import type { Json } from '../catalogue/operation-records.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { PackageMemory } from '../chain/package-memory.ts';
import type { Fault } from '../chain/proof/link.ts';
import { deadlineDetail } from '../deadline.ts';
import type { OperationOutcome, OperationRun } from '../operations/run-operation.ts';
import { compareListing, type Sighting } from '../scans/compare-listing.ts';
import type { FindingContext } from '../scans/finding-context.ts';
import { findingOfRecord, makeFindings } from '../scans/make-findings.ts';
import { OutsideAncestors } from '../scans/outside-ancestors.ts';
import { isPassedOver } from '../scans/passed-over.ts';
import { compileTemplate } from '../scans/scan-request.ts';
import { faultOfUnrecognised } from '../scans/unrecognised.ts';
import { countRequests } from '../storage/counted-storage-unit.ts';
import { bucketPlanRequestOf } from './bucket-plan-request.ts';
import { ForecastTally } from './forecast.ts';
import { planChains } from './plan-chains.ts';
import { planAtPlace, planLeftAlone, planVanished } from './plan-finding.ts';

/** Backups that are looked up, described and planned together. */
const batchSize = 100;
/** Maximum number of links of one chain that are collected before planning, so that the chain is listed once. */
const chainLinksMax = 1000;
/** Recorded places read from the catalogue at a time. */
const placesAtOnce = 1000;

/**
 * Plans a bucket: reads it as a scan with `sync` does, and reports for each backup what such a scan would do. Changes
 * nothing. Until the listing is complete it keeps the records that have changed, are gone, or build on those: they are
 * planned too, even if listed unchanged. All other records are read from the catalogue at the end, page by page.
 */
export async function planBucket(run: OperationRun): Promise<OperationOutcome> {
  const plan = new BucketPlan(run);
  await plan.work();
  const { result } = plan;
  const backups = Object.values(result.classes).reduce((sum, count) => sum + count, 0);
  const message = `the listing is complete: ${counted(result.objects, 'object')}, ${counted(backups, 'backup')} planned`;
  return { message, fault: plan.fault, result: result as Json };
}

class BucketPlan {
  readonly #run: OperationRun;
  readonly #prefix: string;
  readonly #template: ReturnType<typeof compileTemplate> | null;
  readonly #finding: FindingContext;
  readonly #outside: OutsideAncestors;
  /** Requests of the scan itself, without those of its imports. */
  readonly #scanRequests: ReturnType<typeof countRequests>;
  readonly #forecast: ForecastTally;
  /** Backups to import, collected until their whole chain is listed. */
  #due: BackupSync[] = [];
  /** Ids of recorded backups that are already planned. */
  readonly #settled = new Set<string>();
  /** Recorded backups that build on backups that are due or gone. */
  readonly #dependants = new Map<string, BackupSync>();
  /** Image paths with a record but no listed object. */
  readonly #absent: string[] = [];
  /** Recorded image paths of backups that were found elsewhere. */
  readonly #movedFrom = new Set<string>();
  readonly #classes: { [Class in PlanClass]?: number } = {};
  #objects = 0;
  #passedOver = 0;
  #minioFiles = 0;
  #found = 0;
  #planned = 0;

  constructor(run: OperationRun) {
    const { operation, services, storage, signal } = run;
    const { prefix, pathTemplate } = bucketPlanRequestOf(operation.request);
    const { projectId, bucketName } = operation;
    this.#run = run;
    this.#prefix = prefix;
    this.#template = pathTemplate === null ? null : compileTemplate(pathTemplate);
    this.#scanRequests = countRequests(storage);
    this.#finding = {
      storage: this.#scanRequests.unit,
      catalogue: services.catalogue,
      findProofs: (ids) => services.catalogue.backups.findProofs(projectId, ids),
      projectId,
      bucketName,
      outages: services.work.outages,
      trustedRoots: services.work.trustedRoots(),
      signal,
      packages: { memory: new PackageMemory(() => 0), notBeforeMs: () => 0 },
      nowMs: () => services.world.clock.nowMs(),
      onFault: run.onFault,
    };
    this.#outside = new OutsideAncestors(this.#finding, prefix);
    this.#forecast = new ForecastTally(services.work.rateOf, services.work.chainsAtOnce);
  }

  /** The result. Complete once the work is done. */
  get result(): BucketPlanResult {
    return { objects: this.#objects, classes: this.#classes, forecast: this.#forecast.finish() };
  }

  /** The fault of the listing, if any. Known once the work is done. */
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
    for await (const { objects, passedOver, minioFiles, sightings, absent } of compareListing(this.#finding, wanted)) {
      this.#objects += objects;
      this.#passedOver += passedOver;
      this.#minioFiles += minioFiles;
      this.#found += sightings.length;
      this.#absent.push(...absent);
      await this.#take(sightings);
      this.#report();
    }
    await this.#planDue(() => true);
    await this.#addDependants(await this.#planVanished());
    await this.#planDependants();
    await this.#planUnchanged();
    this.#forecast.add({ bucketName: this.#finding.bucketName, ...this.#scanRequests.count() });
  }

  async #take(sightings: readonly Sighting[]): Promise<void> {
    for (let start = 0; start < sightings.length; start += batchSize) {
      this.#finding.signal.throwIfAborted();
      const made = await makeFindings(this.#finding, sightings.slice(start, start + batchSize), this.#outside);
      const due: BackupSync[] = [];
      for (const { finding, known } of made) {
        const { state, sync, image_path } = finding;
        const location = known?.record.location;
        const isHere = location?.bucketName === this.#finding.bucketName;
        if (state === 'moved' && isHere) this.#movedFrom.add(location.imagePath);
        if (isToSync(state) && sync !== null) due.push(sync);
        if (known !== null && state !== 'known' && (isToSync(state) || location?.imagePath === image_path)) {
          this.#settled.add(known.record.backupId);
        }
      }
      this.#due.push(...due);
      await this.#addDependants(due.map(({ backup_id }) => backup_id));
      const leftAlone = made.filter(({ finding: { state, sync } }) => !isToSync(state) || sync === null);
      // A known backup may still turn out to build on one that has changed.
      await this.#keep(leftAlone.filter(({ finding }) => finding.state !== 'known').map(planLeftAlone));
      await this.#planWholeChains();
    }
  }

  /**
   * Adds all backups that build, directly or not, on ones that are gone or due: a scan examines them in the same run.
   */
  async #addDependants(parents: readonly string[]): Promise<void> {
    for (let next = parents; next.length > 0; ) {
      const children = await this.#finding.catalogue.backups.knownChildren(this.#finding.projectId, next);
      const added = children.filter(
        ({ record, isVanished }) => !isVanished && !this.#dependants.has(record.backupId) && this.#isBelow(record),
      );
      for (const { record } of added) this.#dependants.set(record.backupId, itemOfRecord(record));
      next = added.map(({ record }) => record.backupId);
    }
  }

  /** Plans the dependants that are not due by themselves. */
  async #planDependants(): Promise<void> {
    for (const [backupId, item] of this.#dependants) {
      if (this.#settled.has(backupId)) continue;
      this.#settled.add(backupId);
      this.#due.push(item);
    }
    await this.#planDue(() => true);
  }

  /** Plans the collected backups, except those of the chain that is still being listed. */
  async #planWholeChains(): Promise<void> {
    const last = this.#due.at(-1);
    if (last === undefined || this.#due.length < batchSize) return;
    const isLong = this.#due.length >= chainLinksMax;
    const present = chainRootOf(last.image_path);
    await this.#planDue((item) => isLong || chainRootOf(item.image_path) !== present);
  }

  #isBelow({ location }: KnownBackup['record']): boolean {
    const { storage, bucketName } = this.#finding;
    if (location.storageUnitId !== storage.id || location.bucketName !== bucketName) return false;
    return location.imagePath.startsWith(this.#prefix);
  }

  async #planDue(isWanted: (item: BackupSync) => boolean): Promise<void> {
    let items = this.#due.filter(isWanted);
    this.#due = this.#due.filter((item) => !isWanted(item));
    const { services, storage, signal, operation } = this.#run;
    const ends = { stopping: signal, deadline: { signal, detail: deadlineDetail } };
    const origin = { projectId: operation.projectId, isRequest: false };
    while (items.length > 0) {
      // Copies have the same id: they are imported one after the other.
      const byId = new Map(items.toReversed().map((item) => [item.backup_id, item]));
      const first = items.filter((item) => byId.get(item.backup_id) === item);
      items = items.filter((item) => byId.get(item.backup_id) !== item);
      const chains = await planChains({ ...services, work: { ...services.work, storage } }, origin, first, ends);
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

  /** Plans the backups that are gone, and returns their ids. */
  async #planVanished(): Promise<readonly string[]> {
    const paths = this.#absent.filter((imagePath) => !this.#movedFrom.has(imagePath));
    const ids: string[] = [];
    for (let start = 0; start < paths.length; start += batchSize) {
      const gone = await this.#knownAt(paths.slice(start, start + batchSize));
      for (const { record } of gone) this.#settled.add(record.backupId);
      ids.push(...gone.map(({ record }) => record.backupId));
      await this.#keep(gone.map(planVanished));
    }
    return ids;
  }

  /** Plans the recorded backups below the prefix that are listed unchanged. */
  async #planUnchanged(): Promise<void> {
    const { catalogue, projectId, bucketName, storage, signal } = this.#finding;
    const below = { projectId, storageUnitId: storage.id, bucketName, prefix: this.#prefix, limit: placesAtOnce };
    for (let [after, isLast] = ['', false]; !isLast; ) {
      signal.throwIfAborted();
      const page = await catalogue.backups.recordedBelow({ ...below, after });
      isLast = page.isLast;
      after = page.backups.at(-1)?.imagePath ?? after;
      const paths = page.backups
        .filter(({ backupId, imagePath }) => !this.#settled.has(backupId) && !isPassedOver(imagePath, this.#prefix))
        .map(({ imagePath }) => imagePath);
      const known = await this.#knownAt([...new Set(paths)]);
      const unchanged = known.filter(({ record }) => !this.#settled.has(record.backupId));
      await this.#keep(
        unchanged.map((each) => planLeftAlone({ finding: findingOfRecord('known', each), known: each })),
      );
    }
  }

  async #knownAt(imagePaths: readonly string[]) {
    const { catalogue, projectId, bucketName, storage } = this.#finding;
    const known = await catalogue.backups.knownAtPlaces({
      projectId,
      storageUnitId: storage.id,
      bucketName,
      imagePaths,
    });
    return known.filter(({ isForgotten }) => !isForgotten);
  }

  async #keep(items: readonly BucketPlanItem[]): Promise<void> {
    if (items.length === 0) return;
    const { services, operation } = this.#run;
    const numbered = items.map((item, index) => ({ sequence: this.#planned + index + 1, finding: item as Json }));
    if (!(await services.catalogue.operations.addFindings(operation.id, operation.epoch, numbered))) {
      throw new LeaseLostError(`plan ${operation.id} was taken over while it ran`);
    }
    this.#planned += items.length;
    for (const item of items) this.#classes[item.class] = (this.#classes[item.class] ?? 0) + 1;
    this.#report();
  }

  #report(): void {
    this.#run.report({ objects_listed: this.#objects, backups_planned: this.#planned });
  }
}
