import fc from 'fast-check';
import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import {
  acceptedIds,
  backupFilter,
  endedAs,
  makeAcceptance,
  makeChain,
  makeDue,
  makeFinish,
  makeItem,
  makeRecord,
  type OpenCatalogue,
  operationFilter,
  showImport,
} from './fixtures-for-conformance.ts';

type ModelOperation = {
  readonly id: string;
  readonly itemJson: string;
  readonly backupId: string;
  readonly chainRoot: string;
  status: 'waiting' | 'running' | 'success';
  waitsFor: string | null;
  owner: string | null;
  epoch: number;
};

/** The expected content of the catalogue, in the order of acceptance. */
type Model = {
  readonly operations: ModelOperation[];
  readonly records: Map<string, { revision: number; forgotten: boolean }>;
};

type Real = { readonly catalogue: Catalogue; readonly projectId: string };
type Command = fc.AsyncCommand<Model, Real>;

const chainRoots = ['chain-1', 'chain-2'];
/** Workers that no other process has, if several use the database. */
const owners = [newId(), newId()];

const unfinished = (model: Model, backupId: string) =>
  model.operations.filter((operation) => operation.backupId === backupId && operation.status !== 'success');

const shownRevision = (model: Model, backupId: string) => {
  const record = model.records.get(backupId);
  return record === undefined || record.forgotten ? null : record.revision;
};

class Accept implements Command {
  readonly #backupIds: readonly string[];
  readonly #name: string;
  readonly #chainRoot: string;

  constructor(backupIds: readonly string[], name: string, chainRoot: string) {
    this.#backupIds = backupIds;
    this.#name = name;
    this.#chainRoot = chainRoot;
  }

  check = () => true;

  async run(model: Model, { catalogue, projectId }: Real): Promise<void> {
    const items = this.#backupIds.map((id) =>
      makeItem(id, { backup_name: this.#name, image_path: `${this.#chainRoot}/${id}` }),
    );
    const acceptance = makeAcceptance(projectId, items, { chainRoot: this.#chainRoot });
    const expected = acceptance.items.map(({ id, item, chainRoot }) => {
      const itemJson = JSON.stringify(item);
      const same = unfinished(model, item.backup_id).find((operation) => operation.itemJson === itemJson);
      if (same !== undefined) return same.id;
      const backupId = item.backup_id;
      model.operations.push({
        id,
        itemJson,
        backupId,
        chainRoot,
        status: 'waiting',
        waitsFor: null,
        owner: null,
        epoch: 0,
      });
      return id;
    });
    expect(await acceptedIds(catalogue, acceptance)).toEqual(expected);
  }

  toString = () => `accept(${this.#backupIds}, ${this.#name}, ${this.#chainRoot})`;
}

class Start implements Command {
  readonly #chainRoot: string;
  readonly #owner: string;

  constructor(chainRoot: string, owner: string) {
    this.#chainRoot = chainRoot;
    this.#owner = owner;
  }

  check = () => true;

  async run(model: Model, { catalogue, projectId }: Real): Promise<void> {
    const due = model.operations.filter(
      (operation) =>
        operation.chainRoot === this.#chainRoot &&
        (operation.status === 'waiting' || operation.owner === this.#owner) &&
        operation.waitsFor === null &&
        unfinished(model, operation.backupId)[0] === operation,
    );
    for (const operation of due) {
      operation.status = 'running';
      operation.owner = this.#owner;
      operation.epoch += 1;
    }
    const started = await catalogue.operations.startChain(makeChain(projectId, this.#chainRoot), this.#owner, 2_000);
    expect(started.map(({ id, epoch }) => [id, epoch])).toEqual(due.map(({ id, epoch }) => [id, epoch]));
  }

  toString = () => `start(${this.#chainRoot}, ${this.#owner})`;
}

class Finish implements Command {
  readonly #pick: number;
  readonly #epochsBehind: number;
  readonly #writes: boolean;

  constructor(pick: number, epochsBehind: number, writes: boolean) {
    this.#pick = pick;
    this.#epochsBehind = epochsBehind;
    this.#writes = writes;
  }

  check = (model: Model) => model.operations.length > 0;

  async run(model: Model, { catalogue, projectId }: Real): Promise<void> {
    const operation = model.operations[this.#pick % model.operations.length];
    if (operation === undefined) return;
    const stored = await showImport(catalogue, projectId, operation.id);
    const epoch = operation.epoch - this.#epochsBehind;
    const answer = await catalogue.operations.finishImport(
      makeFinish(stored, {
        epoch,
        decidedOnRevision: shownRevision(model, operation.backupId),
        record: this.#writes ? makeRecord(stored) : null,
      }),
    );

    if (operation.status !== 'running' || this.#epochsBehind > 0) {
      expect(answer).toEqual({ result: 'stale_epoch', ended: [], due: [] });
      return;
    }
    operation.status = 'success';
    operation.owner = null;
    if (this.#writes) {
      const revision = (model.records.get(operation.backupId)?.revision ?? 0) + 1;
      model.records.set(operation.backupId, { revision, forgotten: false });
    }
    expect(answer.result).toBe('finished');
    const waited = model.operations.filter(({ waitsFor }) => waitsFor === operation.backupId);
    const behind = new Set([...unfinished(model, operation.backupId), ...waited].map(({ chainRoot }) => chainRoot));
    for (const each of waited) each.waitsFor = null;
    expect(answer.ended).toEqual([endedAs(stored, 'success')]);
    expect(new Set(answer.due.map(({ chain }) => chain.chainRoot))).toEqual(behind);
  }

  toString = () => `finish(${this.#pick}, ${this.#epochsBehind} behind, ${this.#writes ? 'writes' : 'leaves'})`;
}

/** A running import that does not find a parent. */
class MissParent implements Command {
  readonly #pick: number;
  readonly #parentId: string;
  readonly #recordedSince: boolean;

  constructor(pick: number, parentId: string, recordedSince: boolean) {
    this.#pick = pick;
    this.#parentId = parentId;
    this.#recordedSince = recordedSince;
  }

  #operation(model: Readonly<Model>): ModelOperation | undefined {
    const running = model.operations.filter(({ status }) => status === 'running');
    return running[this.#pick % running.length];
  }

  check = (model: Model) => {
    const operation = this.#operation(model);
    if (operation === undefined) return false;
    return this.#recordedSince || this.#closesCycle(model, operation) || unfinished(model, this.#parentId).length > 0;
  };

  async run(model: Model, { catalogue, projectId }: Real): Promise<void> {
    const operation = this.#operation(model);
    if (operation === undefined) return;
    const stored = await showImport(catalogue, projectId, operation.id);
    const shown = shownRevision(model, this.#parentId);
    const answer = await catalogue.operations.finishImport(
      makeFinish(stored, {
        decidedOnRevision: shownRevision(model, operation.backupId),
        missingParent: { backupId: this.#parentId, revision: this.#recordedSince ? (shown ?? 0) - 1 : shown },
      }),
    );
    if (!this.#recordedSince && this.#closesCycle(model, operation)) {
      expect(answer).toMatchObject({ result: 'cycle', ended: [], due: [] });
      return;
    }
    operation.status = 'waiting';
    operation.owner = null;
    operation.waitsFor = this.#recordedSince ? null : this.#parentId;
    const due = this.#recordedSince ? [makeDue(makeChain(projectId, operation.chainRoot))] : [];
    expect(answer).toEqual({ result: 'waits', ended: [], due });
  }

  #closesCycle(model: Model, { backupId }: ModelOperation): boolean {
    const seen = new Set<string>();
    const awaited = [this.#parentId];
    for (let next = awaited.pop(); next !== undefined; next = awaited.pop()) {
      if (next === backupId) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      awaited.push(...unfinished(model, next).flatMap(({ waitsFor }) => waitsFor ?? []));
    }
    return false;
  }

  toString = () => `missParent(${this.#pick}, ${this.#parentId}, ${this.#recordedSince ? 'recorded since' : 'absent'})`;
}

class Release implements Command {
  readonly #owner: string | null;

  constructor(owner: string | null) {
    this.#owner = owner;
  }

  check = () => true;

  async run(model: Model, { catalogue, projectId }: Real): Promise<void> {
    const held = model.operations.filter(
      ({ status, owner }) => status === 'running' && (this.#owner === null || owner === this.#owner),
    );
    for (const operation of held) {
      operation.status = 'waiting';
      operation.owner = null;
    }
    const due = this.#owner === null ? model.operations.filter(({ status }) => status === 'waiting') : held;
    const released = await catalogue.operations.releaseOperations(this.#owner, 2_500);
    const ofProject = released.flatMap((each) =>
      each.kind === 'chain' && each.chain.projectId === projectId ? [each.chain.chainRoot] : [],
    );
    expect(ofProject.toSorted()).toEqual([...new Set(due.map(({ chainRoot }) => chainRoot))].toSorted());
  }

  toString = () => `release(${this.#owner})`;
}

class Delete implements Command {
  readonly #backupId: string;

  constructor(backupId: string) {
    this.#backupId = backupId;
  }

  check = () => true;

  async run(model: Model, { catalogue, projectId }: Real): Promise<void> {
    const operationId = newId();
    const answer = await catalogue.backups.deleteBackup({
      operationId,
      projectId,
      backupId: this.#backupId,
      actor: { kind: 'user', name: 'ada' },
      requestId: 'request-1',
      deletedAtMs: 5_000,
    });
    const [inFlight] = unfinished(model, this.#backupId);
    const record = model.records.get(this.#backupId);
    if (inFlight !== undefined) expect(answer).toEqual({ result: 'busy', operationId: inFlight.id });
    else if (record === undefined || record.forgotten) expect(answer).toEqual({ result: 'not_found' });
    else {
      const deletion = endedAs({ id: operationId, projectId, kind: 'delete', parentOperationId: null }, 'success');
      expect(answer).toEqual({ result: 'deleted', ended: [deletion] });
      model.records.set(this.#backupId, { revision: record.revision + 1, forgotten: true });
    }
  }

  toString = () => `delete(${this.#backupId})`;
}

/** Checks that the catalogue has exactly the content of the model. */
async function expectSame(model: Model, { catalogue, projectId }: Real): Promise<void> {
  const operations = await catalogue.operations.listOperationLogs(
    operationFilter(projectId, { operation_type: 'sync' }),
  );
  const backups = await catalogue.backups.listBackups(backupFilter(projectId));
  if (operations === 'marker_not_found' || backups === 'marker_not_found') throw new Error('No marker was given.');
  expect(
    operations.rows.map((row) => [row.id, row.status, row.epoch, 'leaseOwner' in row ? row.leaseOwner : null]),
  ).toEqual(model.operations.map(({ id, status, epoch, owner }) => [id, status, epoch, owner]).toReversed());
  const shown = [...model.records].flatMap(([id, { revision, forgotten }]) => (forgotten ? [] : [[id, revision]]));
  expect(backups.rows.map(({ backupId, revision }) => [backupId, revision]).toSorted()).toEqual(shown.toSorted());
  expect([operations.count, backups.count]).toEqual([model.operations.length, shown.length]);
}

/** Checks that the counts that are kept are those of the rows they count. */
async function expectCounted({ catalogue, projectId }: Real): Promise<void> {
  const { operations, backups } = catalogue;
  const ofProject = { project_id: projectId, limit: 1000, offset: 0 };
  const unfinished = await operations.listOperations({ ...ofProject, status: ['waiting', 'running'] });
  const pages = [
    unfinished,
    await operations.listOperations(ofProject),
    await operations.listOperations({ ...ofProject, kind: ['delete'] }),
    await backups.listBackups(backupFilter(projectId, { status: ['available'] })),
    await backups.listResources({ project_id: projectId, level: 'linkage', limit: 1000 }),
  ];
  for (const page of pages) if (page !== 'marker_not_found') expect(page.count).toBe(page.rows.length);
  expect(unfinished).toMatchObject({ count: await operations.countBacklog(projectId) });
}

/**
 * Tests that steps in any order leave the catalogue as a simple model says. If several processes use the database, none
 * may release the operations of all.
 */
export function describeCatalogueModel(open: OpenCatalogue, { isShared = false, runs = 60 } = {}): void {
  let catalogue: Catalogue;
  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  const backupId = fc.constantFrom('a', 'b', 'c');
  const chainRoot = fc.constantFrom(...chainRoots);
  const commands = fc.commands(
    [
      fc
        .tuple(fc.uniqueArray(backupId, { minLength: 1 }), fc.constantFrom('one', 'two'), chainRoot)
        .map((input) => new Accept(...input)),
      fc.tuple(chainRoot, fc.constantFrom(...owners)).map((input) => new Start(...input)),
      fc.tuple(fc.nat(20), fc.constantFrom(0, 0, 0, 1), fc.boolean()).map((input) => new Finish(...input)),
      fc.tuple(fc.nat(20), backupId, fc.constantFrom(false, false, true)).map((input) => new MissParent(...input)),
      fc.constantFrom(...owners, ...(isShared ? [] : [null])).map((owner) => new Release(owner)),
      backupId.map((id) => new Delete(id)),
    ],
    { maxCommands: 40, size: 'max' },
  );

  test('no operation is lost or ended twice, operations of a backup keep their order, and revisions rise by 1', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (run) => {
        const model: Model = { operations: [], records: new Map() };
        const real: Real = { catalogue: catalogue, projectId: newId() };
        await fc.asyncModelRun(() => ({ model, real }), run);
        await expectSame(model, real);
        await expectCounted(real);
      }),
      { numRuns: runs },
    );
  });
}
