import { type VerificationLevel, verificationLevels } from '@backup-sync/contracts';
import fc from 'fast-check';
import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecordWrite, ResourceStanding } from './backup-records.ts';
import type { Catalogue } from './catalogue.ts';
import {
  acceptAndStart,
  makeFinish,
  makeItem,
  makeProof,
  makeRecord,
  makeSource,
  type OpenCatalogue,
} from './fixtures-for-conformance.ts';
import type { DueChain } from './operation-records.ts';

const backupIds = ['a', 'b', 'c', 'd'];
const resourceIds = ['vm-1', 'vm-2'];
const sourceNames = ['one', 'two'];
/** Two places for each backup. Sources see only one of them. */
const placesOf = (backupId: string) => [`chain-1/${backupId}`, `moved/${backupId}`];
const endedAtMs = 1_000_000;
/** The last one is further in the future, when it is recorded, than clocks may differ. */
const times = [1_000, 2_000, 3_000, endedAtMs + 60_000, endedAtMs + 300_001];

/** A backup in the model. The test reads its other fields from the catalogue each time. */
type Known = {
  readonly place: string;
  readonly resourceId: string;
  readonly takenAtMs: number;
  readonly mayLead: boolean;
};
type Model = {
  readonly records: Map<string, Known>;
  /** The backups that each source has seen, by place. */
  readonly members: Map<string, Map<string, string>>;
  /** When the newest backup of each retired resource was made, at its retirement. */
  readonly retired: Map<string, number>;
};
type Step = (world: World) => Promise<void>;

/** One project of a catalogue, with every kind of change that touches heads. */
class World {
  readonly catalogue: Catalogue;
  readonly projectId = newId();
  readonly model: Model = { records: new Map(), members: new Map(), retired: new Map() };
  readonly sourceIds = new Map(sourceNames.map((name) => [name, newId()]));

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue;
  }

  async import(backupId: string, change: Partial<RecordWrite> & { readonly place: string }): Promise<void> {
    const { catalogue } = this;
    const { place, ...record } = change;
    const item = makeItem(backupId, { image_path: place, resource_id: record.resourceId ?? 'vm-1' });
    const operation = await acceptAndStart(catalogue, this.projectId, item);
    const before = await catalogue.backups.showBackup(this.projectId, backupId);
    const written = makeRecord(operation, record);
    const { due } = await catalogue.operations.finishImport(
      makeFinish(operation, { endedAtMs, decidedOnRevision: before?.revision ?? null, record: written }),
    );
    await this.#leaveAsTheyAre(due);
    const mayLead = written.takenAtMs <= endedAtMs + 300_000;
    const { resourceId, takenAtMs } = written;
    this.model.records.set(backupId, { place, resourceId, takenAtMs, mayLead });
    const newest = this.model.retired.get(resourceId);
    if (newest !== undefined && mayLead && takenAtMs > newest) this.model.retired.delete(resourceId);
    this.#forgetRetired();
  }

  /** Ends the imports of the backups that build on a changed one, without a record. */
  async #leaveAsTheyAre(chains: readonly DueChain[]): Promise<void> {
    const { catalogue } = this;
    for (const { chain } of chains) {
      for (const operation of await catalogue.operations.startChain(chain, 'worker-1', endedAtMs)) {
        const current = await catalogue.backups.showBackup(this.projectId, operation.item.backup_id);
        const decidedOnRevision = current?.revision ?? null;
        await catalogue.operations.finishImport(
          makeFinish(operation, { endedAtMs, decidedOnRevision, status: 'failed', record: null }),
        );
      }
    }
  }

  /**
   * With the verdict on another backup, writes a proof which shows that this backup is broken, and so are those that
   * build on it.
   */
  async showBroken(backupId: string): Promise<void> {
    const { catalogue } = this;
    const known = this.model.records.get(backupId);
    const other = [...this.model.records.keys()].find((id) => id !== backupId);
    if (known === undefined || other === undefined) return;
    const current = await catalogue.backups.showBackup(this.projectId, other);
    const location = { storageUnitId: 'unit-1', bucketName: 'bucket-1', imagePath: known.place };
    await catalogue.backups.recordVerdict({
      operationId: newId(),
      projectId: this.projectId,
      backupId: other,
      endedAtMs,
      decidedOnRevision: current?.revision ?? null,
      record: null,
      proofs: [makeProof(backupId, { location, fault: { code: 'object_missing', detail: 'gone' } })],
    });
  }

  async delete(backupId: string): Promise<void> {
    const by = { actor: { kind: 'user', name: 'ada' }, requestId: 'request-1', deletedAtMs: endedAtMs } as const;
    await this.catalogue.backups.deleteBackup({
      operationId: newId(),
      projectId: this.projectId,
      backupId,
      ...by,
    });
    this.model.records.delete(backupId);
    this.#forgetRetired();
  }

  async retire(resourceId: string, isRetired: boolean): Promise<void> {
    const { catalogue } = this;
    const known = [...this.model.records.values()].filter((each) => each.resourceId === resourceId);
    const isKnown = await catalogue.backups.retireResource(this.projectId, resourceId, isRetired ? endedAtMs : null);
    expect(isKnown).toBe(known.length > 0);
    if (!isRetired) this.model.retired.delete(resourceId);
    else if (isKnown && !this.model.retired.has(resourceId)) {
      const times = known.filter(({ mayLead }) => mayLead).map(({ takenAtMs }) => takenAtMs);
      this.model.retired.set(resourceId, Math.max(0, ...times));
    }
  }

  /** A resource without backups does not exist. */
  #forgetRetired(): void {
    const known = new Set([...this.model.records.values()].map(({ resourceId }) => resourceId));
    for (const resourceId of this.model.retired.keys()) {
      if (!known.has(resourceId)) this.model.retired.delete(resourceId);
    }
  }

  async see(name: string, sightings: ReadonlyMap<string, string>): Promise<void> {
    const { catalogue } = this;
    const id = this.sourceIds.get(name) ?? '';
    const members = this.model.members.get(name) ?? new Map<string, string>();
    if (!this.model.members.has(name)) await catalogue.sources.addSource(makeSource(this.projectId, id, { name }));
    this.model.members.set(name, members);
    const runId = newId();
    const seen = [...sightings].map(([imagePath, backupId]) => ({ imagePath, backupId, importOperationId: null }));
    await catalogue.sourceRuns.noteSightings(id, runId, seen);
    await catalogue.sourceRuns.closeListing(id, runId, []);
    for (const [place, backupId] of members) {
      const isRecorded = this.model.records.get(backupId)?.place === place;
      if (!sightings.has(place) && !isRecorded) members.delete(place);
    }
    for (const [place, backupId] of sightings) members.set(place, backupId);
  }

  async vanish(name: string, backupId: string): Promise<void> {
    const members = this.model.members.get(name);
    const known = this.model.records.get(backupId);
    if (members === undefined || known === undefined) return;
    await this.catalogue.sourceRuns.markVanished({
      sourceId: this.sourceIds.get(name) ?? '',
      runId: newId(),
      unchangedSinceMs: endedAtMs + 1,
      markedAtMs: endedAtMs,
      members: [{ imagePath: known.place, backupId }],
    });
  }

  async remove(name: string): Promise<void> {
    await this.catalogue.sources.removeSource(this.projectId, this.sourceIds.get(name) ?? '', endedAtMs);
    this.model.members.delete(name);
    this.sourceIds.set(name, newId());
  }

  /** Checks that every scope and level gives the same as reading all records again. */
  async expectTrue(): Promise<void> {
    const { catalogue } = this;
    for (const name of [null, ...sourceNames]) {
      for (const level of verificationLevels) {
        const source = name === null ? {} : { source_id: this.sourceIds.get(name) ?? '' };
        const { rows, count } = await catalogue.backups.listResources({
          project_id: this.projectId,
          level,
          limit: 1000,
          ...source,
        });
        const expected = await this.#standings(name, level);
        expect([name, level, rows.map(({ resourceName: _, ...row }) => row)]).toEqual([name, level, expected]);
        expect(count).toBe(expected.length);
      }
    }
  }

  /** Checks the order that has the worst first, for every scope. One level is enough: the time of the test counts. */
  async expectWorstFirst(): Promise<void> {
    const level = 'inventory';
    for (const name of [null, ...sourceNames]) {
      const source = name === null ? {} : { source_id: this.sourceIds.get(name) ?? '' };
      const scope = { project_id: this.projectId, level, ...source } as const;
      await this.#expectWorstFirstIn(scope, await this.#standings(name, level));
    }
  }

  /** At a time at which the ages of some backups are not known. */
  async #expectWorstFirstIn(
    scope: { readonly project_id: string; readonly level: VerificationLevel; readonly source_id?: string },
    standings: readonly Omit<ResourceStanding, 'resourceName'>[],
  ): Promise<void> {
    const { backups } = this.catalogue;
    const nowMs = endedAtMs - 300_000;
    const limit = { nowMs, maxAgeS: (nowMs - 3_000) / 1000 };
    const takenAtMs = ({ head, retiredAtMs }: (typeof standings)[number]) => {
      if (retiredAtMs !== null) return Number.POSITIVE_INFINITY;
      if (head === null) return -2;
      return head.takenAtMs > nowMs + 300_000 ? -1 : head.takenAtMs;
    };
    const expected = standings.toSorted((one, other) => Math.sign(takenAtMs(one) - takenAtMs(other)) || 0);
    const read: string[] = [];
    let marker: string | undefined;
    do {
      const page = await backups.listWorstResources({ ...scope, limit: 1, marker }, limit);
      if (page === 'marker_not_found') throw new Error(`no page has the marker ${marker}`);
      read.push(...page.rows.map(({ resourceId }) => resourceId));
      marker = page.next ?? undefined;
    } while (marker !== undefined);
    expect(read).toEqual(expected.map(({ resourceId }) => resourceId));
    const { oldest, ...counts } = await backups.countStandings(scope, limit);
    const times = expected.map(takenAtMs);
    expect(counts).toEqual({
      resources: times.length,
      unproved: times.filter((time) => time < 0).length,
      // 3,000 is the newest that is not too old.
      late: times.filter((time) => time < 3_000).length,
      retired: times.filter((time) => time === Number.POSITIVE_INFINITY).length,
    });
    const aged = expected.filter((_, index) => Number.isFinite(times[index]) && (times[index] ?? 0) >= 0);
    expect(oldest?.resourceId).toBe(aged[0]?.resourceId);
  }

  async #standings(name: string | null, level: VerificationLevel): Promise<Omit<ResourceStanding, 'resourceName'>[]> {
    const members = name === null ? null : (this.model.members.get(name) ?? new Map<string, string>());
    const standings: Omit<ResourceStanding, 'resourceName'>[] = [];
    for (const resourceId of resourceIds) {
      const ids = [...this.model.records].flatMap(([id, known]) =>
        known.resourceId === resourceId && (members === null || members.get(known.place) === id) ? [id] : [],
      );
      if (ids.length === 0) continue;
      const proved: NonNullable<ResourceStanding['head']>[] = [];
      let leaders: NonNullable<ResourceStanding['head']>[] = [];
      for (const backupId of ids.toSorted()) {
        const record = await this.catalogue.backups.showBackup(this.projectId, backupId);
        if (record === null) throw new Error(`${backupId} was lost`);
        const reached = record.level === null ? -1 : verificationLevels.indexOf(record.level);
        if (record.status !== 'available' || reached < verificationLevels.indexOf(level)) continue;
        const { takenAtMs, takenAtSource } = record;
        proved.push({ backupId, takenAtMs, takenAtSource });
        if (this.model.records.get(backupId)?.mayLead) leaders.push({ backupId, takenAtMs, takenAtSource });
      }
      leaders = leaders.toSorted((one, other) => other.takenAtMs - one.takenAtMs);
      const retiredAtMs = this.model.retired.has(resourceId) ? endedAtMs : null;
      standings.push({ resourceId, backups: ids.length, proved: proved.length, head: leaders[0] ?? null, retiredAtMs });
    }
    return standings;
  }
}

/**
 * Tests that the newest proved backups are always those that reading every record would find, after `runs` random
 * sequences of steps.
 */
export function describeHeads(open: OpenCatalogue, runs = 40): void {
  let catalogue: Catalogue;
  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  const backupId = fc.constantFrom(...backupIds);
  const sourceName = fc.constantFrom(...sourceNames);
  const record = fc.record({
    place: fc.nat(1),
    resourceId: fc.constantFrom(...resourceIds),
    takenAtMs: fc.constantFrom(...times),
    takenAtSource: fc.constantFrom('format', 'object', 'request'),
    level: fc.constantFrom(null, ...verificationLevels),
    status: fc.constantFrom('available', 'available', 'error'),
    parentBackupId: fc.constantFrom(null, null, ...backupIds),
  });
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(backupId, record).map(
        ([id, change]): Step =>
          (world) => {
            const fault = change.status === 'error' ? { code: 'object_missing' as const, detail: '' } : null;
            return world.import(id, { ...change, fault, place: placesOf(id)[change.place] ?? '' });
          },
      ),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(sourceName, fc.array(fc.tuple(backupId, fc.nat(1), backupId, fc.boolean()), { maxLength: 5 }))
        .map(
          ([name, seen]): Step =>
            (world) => {
              // Sometimes a source sees a different backup at a place.
              const sightings = seen.map(([id, place, other, isOther]): [string, string] => [
                placesOf(id)[place] ?? '',
                isOther ? other : id,
              ]);
              return world.see(name, new Map(sightings));
            },
        ),
    },
    fc.tuple(sourceName, backupId).map(
      ([name, id]): Step =>
        (world) =>
          world.vanish(name, id),
    ),
    backupId.map(
      (id): Step =>
        (world) =>
          world.showBroken(id),
    ),
    backupId.map(
      (id): Step =>
        (world) =>
          world.delete(id),
    ),
    sourceName.map(
      (name): Step =>
        (world) =>
          world.remove(name),
    ),
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom(...resourceIds), fc.boolean()).map(
        ([resourceId, isRetired]): Step =>
          (world) =>
            world.retire(resourceId, isRetired),
      ),
    },
  );

  test('heads, counts and retirements are always those that reading every record would find', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }), async (steps) => {
        const world = new World(catalogue);
        for (const each of steps) {
          await each(world);
          await world.expectTrue();
        }
        await world.expectWorstFirst();
      }),
      { numRuns: runs },
    );
  }, 60_000);

  test('resources are paged by id, and one can be found by its id', async () => {
    const world = new World(catalogue);
    for (const [index, id] of backupIds.entries()) {
      await world.import(id, { place: placesOf(id)[0] ?? '', resourceId: `vm-${index}` });
    }
    const filter = { project_id: world.projectId, level: 'linkage', limit: 2 } as const;
    const idsOf = async (more: object) => {
      const { rows, count } = await catalogue.backups.listResources({ ...filter, ...more });
      return [rows.map(({ resourceId }) => resourceId), count];
    };
    expect(await idsOf({})).toEqual([['vm-0', 'vm-1'], 4]);
    expect(await idsOf({ marker: 'vm-1' })).toEqual([['vm-2', 'vm-3'], 4]);
    expect(await idsOf({ resource_id: 'vm-3' })).toEqual([['vm-3'], 1]);
    expect(await idsOf({ resource_id: 'vm-4' })).toEqual([[], 0]);
  });
}
