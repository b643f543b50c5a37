import type { BackupSync } from '@backup-sync/contracts';
import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import {
  acceptedIds,
  makeAcceptance,
  makeChain,
  makeDue,
  makeFinish,
  makeItem,
  makeRun,
  type OpenCatalogue,
} from './fixtures-for-conformance.ts';
import type { Acceptance, Actor } from './operation-records.ts';

/** Tests how every catalogue assigns lanes to operations. */
export function describeLanes(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;
  let actor: Actor;

  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());
  beforeEach(() => {
    projectId = newId();
    actor = { kind: 'user', name: newId() };
  });

  const show = async (id: string) => {
    const operation = await catalogue.operations.showOperation(projectId, id);
    if (operation === null) throw new Error(`operation ${id} was lost`);
    return operation;
  };
  const accept = (items: readonly BackupSync[], changes: Partial<Acceptance> = {}) =>
    catalogue.operations.accept({ ...makeAcceptance(projectId, items, { lane: null }), actor, ...changes });
  const lanesOf = async (ids: readonly string[]) => Promise.all(ids.map(async (id) => (await show(id)).lane));
  const items = (count: number, name = 'item') =>
    Array.from({ length: count }, (_, index) => makeItem(`${name}-${index}`));

  test('is interactive for the first 50 unfinished operations of a caller, counted by item', async () => {
    const { ids, chains } = await accept(items(52));
    expect(await lanesOf(ids)).toEqual([...Array(50).fill('interactive'), 'mass', 'mass']);
    expect(chains).toEqual([{ ...makeDue(makeChain(projectId)), lane: 'interactive' }]);
    const more = await accept([makeItem('more')]);
    expect(await lanesOf(more.ids)).toEqual(['mass']);
    const others = await accept([makeItem('other')], { actor: { kind: 'user', name: newId() } });
    expect(await lanesOf(others.ids)).toEqual(['interactive']);
  });

  test('is interactive again once earlier operations, including verifications, have ended', async () => {
    const run = { ...makeRun(projectId, '', newId()), actor, sourceId: null };
    expect(await catalogue.operations.addOperation({ ...run, kind: 'verify', backupId: 'a', lane: null })).toBe(
      'interactive',
    );
    expect(await catalogue.operations.addOperation({ ...run, id: newId(), lane: 'mass' })).toBe('mass');
    const { ids } = await accept(items(50));
    expect((await lanesOf(ids)).filter((lane) => lane === 'mass')).toHaveLength(1);
    await catalogue.operations.cancelOperation(projectId, run.id, 2_000);
    expect(await lanesOf((await accept([makeItem('next')])).ids)).toEqual(['interactive']);
  });

  test('is the one that the acceptance names', async () => {
    for (const lane of ['interactive', 'mass'] as const) {
      const { ids, chains } = await accept(items(60, lane), { lane });
      expect(new Set(await lanesOf(ids))).toEqual(new Set([lane]));
      expect(chains).toMatchObject([{ lane }]);
    }
    expect(await lanesOf((await accept([makeItem('another')])).ids)).toEqual(['mass']);
  });

  test('rises for operations in flight on the same backup: an equal item, and another that has to end first', async () => {
    const source = { actor: { kind: 'system', name: 'source nightly' }, lane: 'mass' } as const;
    const same = makeItem('same');
    const renamed = makeItem('renamed');
    const slow = await accept([same, renamed], source);
    const elsewhere = makeAcceptance(projectId, [same, { ...renamed, backup_name: 'another' }], {
      chainRoot: 'chain-2',
      lane: null,
    });
    const { ids, chains } = await catalogue.operations.accept({ ...elsewhere, actor });
    expect(ids[0]).toBe(slow.ids[0]);
    expect(await lanesOf(slow.ids)).toEqual(['interactive', 'interactive']);
    expect(chains).toEqual(
      expect.arrayContaining([
        { ...makeDue(makeChain(projectId)), lane: 'interactive' },
        { ...makeDue(makeChain(projectId, 'chain-2')), lane: 'interactive' },
      ]),
    );
  });

  test('rises for the import of a parent that an interactive import waits for', async () => {
    const chainRoot = 'of the parent';
    const [parentId = ''] = await acceptedIds(
      catalogue,
      makeAcceptance(projectId, [makeItem('parent')], { chainRoot }),
    );
    const { ids } = await accept([makeItem('child')]);
    const [child] = await catalogue.operations.startChain(makeChain(projectId), 'worker-1', 1_500);
    if (child === undefined) throw new Error('nothing was started');
    expect(child.id).toBe(ids[0]);
    const missingParent = { backupId: 'parent', revision: null };
    expect(await catalogue.operations.finishImport(makeFinish(child, { missingParent }))).toEqual({
      result: 'waits',
      ended: [],
      due: [{ ...makeDue(makeChain(projectId, chainRoot)), lane: 'interactive' }],
    });
    expect(await lanesOf([parentId])).toEqual(['interactive']);
  });
}
