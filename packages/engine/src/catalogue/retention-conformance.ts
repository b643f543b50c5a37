import fc from 'fast-check';
import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import {
  acceptedIds,
  backupFilter,
  importBackup,
  makeAcceptance,
  makeChain,
  makeFinish,
  makeItem,
  makeProof,
  makeRecord,
  makeRun,
  makeSource,
  type OpenCatalogue,
  storageUnitId,
} from './fixtures-for-conformance.ts';
import { hasItem, type OperationRecord } from './operation-records.ts';
import type { OldOperations, Removed } from './retention-records.ts';

const backupIds = ['a', 'b', 'c'] as const;
const requests = { lists: 1, gets: 0, bytesRead: 0 };

/** Something that happens to a catalogue with one source, at most one of whose runs is unfinished. */
type Happening =
  | { readonly kind: 'import'; readonly backupId: string; readonly succeeds: boolean; readonly by: ImportedBy }
  | { readonly kind: 'delete' | 'verify' | 'fail to verify'; readonly backupId: string }
  | { readonly kind: 'start a run' | 'end the run' };

/** Who asks for an import: a person, the unfinished run, or the run after a person. */
type ImportedBy = 'a person' | 'the run' | 'both';

/** A catalogue of a project to which things happen, one each second. */
class Story {
  readonly projectId = newId();
  readonly #sourceId = newId();
  readonly #catalogue: Catalogue;
  #runId: string | null = null;
  nowMs = 0;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  async begin(): Promise<void> {
    await this.#catalogue.sources.addSource(makeSource(this.projectId, this.#sourceId));
  }

  async add(happening: Happening): Promise<void> {
    this.nowMs += 1_000;
    switch (happening.kind) {
      case 'import':
        return await this.#import(happening.backupId, happening.succeeds, happening.by);
      case 'delete':
        return void (await this.#catalogue.backups.deleteBackup({
          ...{ operationId: newId(), projectId: this.projectId, backupId: happening.backupId },
          ...{ actor: { kind: 'user', name: 'ada' }, requestId: 'request-1', deletedAtMs: this.nowMs },
        }));
      case 'verify':
      case 'fail to verify': {
        const operation = { ...makeRun(this.projectId, '', newId()), sourceId: null, kind: 'verify' as const };
        const id = await this.#start({ ...operation, backupId: happening.backupId, createdAtMs: this.nowMs });
        return await this.#end(id, happening.kind === 'verify');
      }
      case 'start a run':
        if (this.#runId !== null) return;
        this.#runId = newId();
        await this.#catalogue.sourceRuns.startRun({
          ...{ sourceId: this.#sourceId, nextRunAtMs: null, confirmsRemovals: false },
          operation: { ...makeRun(this.projectId, this.#sourceId, this.#runId), createdAtMs: this.nowMs },
        });
        await this.#catalogue.operations.startOperation(this.#runId, 'worker-1', this.nowMs);
        return void (await this.#catalogue.operations.addFindings(this.#runId, 1, [{ sequence: 1, finding: 'found' }]));
      case 'end the run':
        if (this.#runId !== null) await this.#end(this.#runId, true);
        this.#runId = null;
    }
  }

  async #import(backupId: string, succeeds: boolean, by: ImportedBy): Promise<void> {
    const { operations, backups } = this.#catalogue;
    const accept = async (parentOperationId: string | null) => {
      const ofRun = parentOperationId === null ? {} : { parentOperationId };
      await acceptedIds(
        this.#catalogue,
        makeAcceptance(this.projectId, [makeItem(backupId)], { acceptedAtMs: this.nowMs, ...ofRun }),
      );
    };
    if (by !== 'the run') await accept(null);
    if (by !== 'a person') await accept(this.#runId);
    const [operation] = await operations.startChain(makeChain(this.projectId), 'worker-1', this.nowMs);
    if (operation === undefined) throw new Error('nothing was started');
    const known = await backups.showBackup(this.projectId, backupId);
    const finish = { endedAtMs: this.nowMs + 1, decidedOnRevision: known?.revision ?? null };
    const failed = { status: 'failed', fault: { code: 'object_missing', detail: '' }, record: null } as const;
    await operations.finishImport(
      makeFinish(operation, {
        ...finish,
        ...(succeeds ? { record: makeRecord(operation), proofs: [makeProof(backupId)] } : failed),
      }),
    );
  }

  async #start(operation: Parameters<Catalogue['operations']['addOperation']>[0]): Promise<string> {
    await this.#catalogue.operations.addOperation(operation);
    await this.#catalogue.operations.startOperation(operation.id, 'worker-1', this.nowMs);
    return operation.id;
  }

  async #end(id: string, succeeds: boolean): Promise<void> {
    await this.#catalogue.operations.finishOperation({
      ...{ id, epoch: 1, message: '', progress: {}, result: {}, requests, endedAtMs: this.nowMs },
      ...(succeeds
        ? { status: 'success', fault: null }
        : { status: 'failed', fault: { code: 'object_missing', detail: '' } }),
    });
  }
}

async function inSteps<Place>(step: (at: Place | null) => Promise<Removed<Place>>): Promise<void> {
  let at: Place | null = null;
  do ({ next: at } = await step(at));
  while (at !== null);
}

async function removeOld(catalogue: Catalogue, old: Omit<OldOperations, 'before' | 'nowMs'>): Promise<void> {
  const { removeOldOperations } = catalogue.retention;
  await inSteps<OldOperations['before'] & {}>((before) => removeOldOperations({ ...old, before, nowMs: 9_000_000 }));
}

/** Returns what a project has, as its callers see it. */
async function look(catalogue: Catalogue, projectId: string) {
  const { operations, backups, sources } = catalogue;
  const listed = await operations.listOperations({ project_id: projectId, limit: 1000, offset: 0 });
  const recorded = await backups.listBackups(backupFilter(projectId));
  if (listed === 'marker_not_found' || recorded === 'marker_not_found') throw new Error('no marker was given');
  expect(listed.count).toBe(listed.rows.length);
  return {
    operations: listed.rows,
    records: recorded.rows,
    sources: await sources.listSources(projectId),
    resources: await backups.listResources({ project_id: projectId, level: 'linkage', limit: 100 }),
    days: await operations.countOperationDays({ project_id: projectId, from: '1970-01-01', to: '1970-12-31' }),
  };
}

type Seen = Awaited<ReturnType<typeof look>>;

/** Which operations stay, worked out from the listing alone. All runs have findings. */
function expectedToStay(
  seen: Seen,
  joined: ReadonlyMap<string, string>,
  beforeMs: number,
  findingsBeforeMs: number | null,
): readonly string[] {
  const newestRun = seen.sources[0]?.lastRun?.id;
  const isRecorded = (backupId: string | null) => seen.records.some((record) => record.backupId === backupId);
  const verified = new Set<string | null>();
  const staying = new Set<string>();
  const parents = new Set<string | null>();
  // Newest first, so that what an operation has caused comes before it.
  for (const operation of seen.operations) {
    const { id, kind, status, backupId, parentOperationId, endedAtMs } = operation;
    const isNewestVerification = kind === 'verify' && status === 'success' && !verified.has(backupId);
    if (isNewestVerification) verified.add(backupId);
    const isUnfinished = (runId: string | null | undefined) =>
      seen.operations.some((run) => run.id === runId && run.endedAtMs === null);
    const runs = [id, parentOperationId, joined.get(id)];
    const stays =
      endedAtMs === null ||
      endedAtMs >= beforeMs ||
      (kind === 'scan' && endedAtMs >= (findingsBeforeMs ?? 0)) ||
      seen.records.some((record) => record.lastOperationId === id || record.checkpointId === id) ||
      (isNewestVerification && isRecorded(backupId)) ||
      runs.some((run) => run !== undefined && run !== null && (run === newestRun || isUnfinished(run))) ||
      parents.has(id);
    if (!stays) continue;
    staying.add(id);
    parents.add(parentOperationId);
  }
  return seen.operations.filter(({ id }) => staying.has(id)).map(({ id }) => id);
}

const backupId = fc.constantFrom(...backupIds);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({ backupId, succeeds: fc.boolean(), by: fc.constantFrom<ImportedBy>('a person', 'the run', 'both') })
      .map((made) => ({ kind: 'import' as const, ...made })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('delete' as const, 'verify' as const, 'fail to verify' as const),
      backupId,
    }),
  },
  { weight: 3, arbitrary: fc.constantFrom('start a run' as const, 'end the run' as const).map((kind) => ({ kind })) },
);

/** What happens, and how many seconds later what is removed must have ended. Null: no findings are removed. */
const scenario = fc.record({
  happenings: fc.array(happening, { maxLength: 30, size: 'max' }),
  seconds: fc.nat(30),
  findingsSeconds: fc.option(fc.nat(30)),
});

/** Tests the removal of old rows. */
export function describeRetention(open: OpenCatalogue, runs = 20): void {
  let catalogue: Catalogue;
  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  test('removes exactly the old operations that nothing needs, whatever happened, and all counts stay true', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ happenings, seconds, findingsSeconds }) => {
        const story = new Story(catalogue);
        await story.begin();
        for (const each of happenings) await story.add(each);
        const before = await look(catalogue, story.projectId);
        const beforeMs = seconds * 1_000;
        const joined = joinedRuns(before.operations, happenings);
        const findingsBeforeMs = findingsSeconds === null ? null : findingsSeconds * 1_000;
        const expected = expectedToStay(before, joined, beforeMs, findingsBeforeMs);
        const old = { projectId: story.projectId, operationsBeforeMs: beforeMs, findingsBeforeMs };
        await removeOld(catalogue, old);
        const after = await look(catalogue, story.projectId);
        expect(after.operations.map(({ id }) => id)).toEqual(expected);
        const byId = new Map(before.operations.map((operation) => [operation.id, operation]));
        for (const operation of after.operations) {
          // Scans that stay have no findings any more.
          expect(operation).toEqual({
            ...byId.get(operation.id),
            ...(!hasItem(operation) && { findingsRemovedAtMs: operation.findingsRemovedAtMs }),
          });
        }
        expect({ ...after, operations: [] }).toEqual({ ...before, operations: [] });
        for (const { lastOperationId, checkpointId } of after.records) {
          for (const id of [lastOperationId, checkpointId]) {
            if (id !== null) expect(await catalogue.operations.showOperation(story.projectId, id)).not.toBeNull();
          }
        }
      }),
      { numRuns: runs },
    );
  });

  test('removes findings in bounded steps, those of a scan that stays too, and a scan says that it has none', async () => {
    const projectId = newId();
    const sourceId = newId();
    await catalogue.sources.addSource(makeSource(projectId, sourceId));
    const scanIds = [newId(), newId(), newId()];
    for (const [index, id] of scanIds.entries()) {
      const run = makeRun(projectId, sourceId, id);
      if (index < 2) await catalogue.operations.addOperation({ ...run, sourceId: null });
      else
        await catalogue.sourceRuns.startRun({ sourceId, operation: run, nextRunAtMs: null, confirmsRemovals: false });
      await catalogue.operations.startOperation(id, 'worker-1', 1_500);
      const findings = Array.from({ length: 1_500 }, (_, number) => ({ sequence: number + 1, finding: 'found' }));
      await catalogue.operations.addFindings(id, 1, findings);
      await catalogue.operations.finishOperation({
        ...{ id, epoch: 1, message: '', progress: {}, result: {}, requests, endedAtMs: index === 0 ? 2_000 : 3_000 },
        ...{ status: 'success', fault: null },
      });
    }
    const old = { projectId, operationsBeforeMs: 2_500, findingsBeforeMs: 3_500, nowMs: 9_000 };
    const first = await catalogue.retention.removeOldOperations({ ...old, before: null });
    expect(first).toMatchObject({ operations: 0, findings: 2_000 });
    expect(await catalogue.retention.removeOldOperations({ ...old, before: first.next })).toEqual({
      ...{ operations: 1, findings: 1_000, next: null },
    });
    const left = await Promise.all(scanIds.map((id) => catalogue.operations.listFindings(id, 0, 10)));
    expect(left.map((findings) => findings.length)).toEqual([0, 0, 10]);
    const shown = await Promise.all(scanIds.map((id) => catalogue.operations.showOperation(projectId, id)));
    expect(shown.map((scan) => scan !== null && !hasItem(scan) && scan.findingsRemovedAtMs)).toEqual([
      ...[false, 9_000, null],
    ]);
  });

  test('keeps an old scan as long as its findings are kept, but not one that found nothing', async () => {
    const projectId = newId();
    const [finder, empty] = [newId(), newId()];
    for (const id of [finder, empty]) {
      await catalogue.operations.addOperation({ ...makeRun(projectId, '', id), sourceId: null });
      await catalogue.operations.startOperation(id, 'worker-1', 1_500);
      if (id === finder) await catalogue.operations.addFindings(id, 1, [{ sequence: 1, finding: 'found' }]);
      await catalogue.operations.finishOperation({
        ...{ id, epoch: 1, message: '', progress: {}, result: {}, requests, endedAtMs: 2_000 },
        ...{ status: 'success', fault: null },
      });
    }
    await removeOld(catalogue, { projectId, operationsBeforeMs: 5_000, findingsBeforeMs: null });
    expect(await catalogue.operations.showOperation(projectId, empty)).toBeNull();
    expect(await catalogue.operations.showOperation(projectId, finder)).toMatchObject({ findingsRemovedAtMs: null });
    expect(await catalogue.operations.listFindings(finder, 0, 10)).toHaveLength(1);
    await removeOld(catalogue, { projectId, operationsBeforeMs: 5_000, findingsBeforeMs: 3_000 });
    expect(await catalogue.operations.showOperation(projectId, finder)).toBeNull();
  });

  test('removes old events, and numbers the next one after them', async () => {
    const projectId = newId();
    for (const [index, id] of backupIds.entries()) {
      await importBackup(catalogue, projectId, makeItem(id), { endedAtMs: 3_000 + index });
    }
    const newest = await catalogue.events.newestCursor(projectId);
    expect(newest).toBe(9);
    await inSteps<true>(() => catalogue.retention.removeOldEvents({ projectId, beforeMs: 9_000 }));
    const query = { projectId, operationId: null, limit: 100 };
    expect(await catalogue.events.listEvents({ ...query, after: 0 })).toBe('gone');
    expect(await catalogue.events.newestCursor(projectId)).toBe(newest);
    await importBackup(catalogue, projectId, makeItem('d'));
    const later = await catalogue.events.listEvents({ ...query, after: newest });
    expect(later === 'gone' ? later : later.events.map(({ cursor }) => cursor)).toEqual([10, 11, 12]);
  });

  test('of the verifications of a backup, keeps the newest, and the newest that proved its objects at each place', async () => {
    const projectId = newId();
    const fault = { code: 'object_missing', detail: '' } as const;
    const moved = { storageUnitId, bucketName: 'bucket-1', imagePath: 'moved/a' };
    const proofs = [
      { verifiedAtMs: 1_000 },
      { verifiedAtMs: 2_000 },
      { verifiedAtMs: 3_000, location: moved },
      { verifiedAtMs: 4_000, fault, level: null },
      { verifiedAtMs: 5_000, fault, level: null },
      { verifiedAtMs: 6_000, level: 'presence' },
    ] as const;
    for (const proof of proofs) {
      const operation = await importBackup(catalogue, projectId, makeItem('a'));
      const known = await catalogue.backups.showBackup(projectId, 'a');
      await catalogue.backups.recordVerdict({
        ...{ projectId, backupId: 'a', operationId: operation.id, endedAtMs: 3_000 },
        ...{ decidedOnRevision: known?.revision ?? null, record: null, proofs: [makeProof('a', proof)] },
      });
    }
    await inSteps<string>((after) =>
      catalogue.retention.removeOldVerifications({ beforeMs: 10_000, after: after ?? '' }),
    );
    const left = await catalogue.backups.listVerifications({ project_id: projectId, backup_id: 'a', limit: 100 });
    expect(left === 'marker_not_found' ? left : left.map(({ proof }) => proof.verifiedAtMs)).toEqual([
      ...[6_000, 3_000, 2_000],
    ]);
  });

  test('removes old events of the audit with their subjects, and counts the others', async () => {
    const event = {
      ...{ projectId: 'project-1', actor: { kind: 'user' as const, name: 'ada' } },
      ...({ operation: 'syncBackups', door: 'rest', address: null, outcome: 'done', errorCode: null } as const),
      requestId: 'request-1',
    };
    for (const atMs of [1_000, 2_000, 3_000]) {
      const subjects = [{ field: 'backup_id', value: `at ${atMs}` }];
      await catalogue.audit.appendAuditEvent({ ...event, id: newId(), atMs, subjects });
    }
    await inSteps<string>((after) => catalogue.retention.removeOldAuditEvents({ beforeMs: 2_500, after: after ?? '' }));
    const { events, count } = await catalogue.audit.listAuditEvents({ limit: 10 });
    expect([events.map(({ atMs }) => atMs), count]).toEqual([[3_000], 1]);
    expect((await catalogue.audit.listAuditEvents({ limit: 10, subject: 'at 1000' })).events).toEqual([]);
  });
}

/** The runs that imports by a person were joined to: a run was unfinished when both asked for the import. */
function joinedRuns(
  operations: readonly OperationRecord[],
  happenings: readonly Happening[],
): ReadonlyMap<string, string> {
  const joined = new Map<string, string>();
  const oldestFirst = operations.toReversed();
  let run: string | null = null;
  for (const [index, happening] of happenings.entries()) {
    const at = (index + 1) * 1_000;
    const here = oldestFirst.find(({ createdAtMs }) => createdAtMs === at);
    if (happening.kind === 'start a run') run ??= here?.id ?? null;
    else if (happening.kind === 'end the run') run = null;
    else if (happening.kind === 'import' && happening.by === 'both' && run !== null && here !== undefined) {
      joined.set(here.id, run);
    }
  }
  return joined;
}
