import { hookEventKind, hookSubjectsMax } from '@backup-sync/contracts';
import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RecordWrite } from './backup-records.ts';
import type { Catalogue } from './catalogue.ts';
import { acceptAndStart, importBackup, makeFinish, makeItem, type OpenCatalogue } from './fixtures-for-conformance.ts';
import type { HookRecord, HookSighting } from './hook-records.ts';

export function makeHook(projectId: string, id: string, changes: Partial<HookRecord> = {}): Omit<HookRecord, 'cursor'> {
  return {
    ...{ id, projectId, name: `name of ${id}`, url: 'https://alerts.example.com', events: hookEventKind.options },
    ...{ newestOlderThanS: null, level: 'linkage', sourceOlderThanS: null, sealedSecret: 'sealed' },
    ...{ sealedPrivateKey: null, publicKey: null, previous: null, createdAtMs: 1_000, pausedAtMs: null },
    ...{ goneAtMs: null, lastTry: null },
    ...changes,
  };
}

/** The sighting that a source is held, or that it is no longer held. */
export function makeSighting(id: string, isOpen: boolean, atMs: number): HookSighting {
  const subject = { kind: 'source', id, name: null, operation_kind: null } as const;
  const seen = { subject, atMs, messageId: newId(), kind: 'source.held' } as const;
  const details = { cause: 'too_many', operation_id: null } as const;
  return isOpen ? { ...seen, isOpen, details } : { ...seen, isOpen };
}

/** Tests what every store of hooks does. */
export function describeHooks(open: OpenCatalogue): void {
  let catalogue: Catalogue;
  let projectId: string;
  let hookId: string;

  beforeAll(async () => {
    catalogue = await open();
  });
  beforeEach(async () => {
    projectId = newId();
    hookId = newId();
    expect(await catalogue.hooks.addHook(makeHook(projectId, hookId))).toBe('added');
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  const note = (...sightings: HookSighting[]) =>
    catalogue.hooks.noteProblems({ hookId, sightings, cursors: null, forgetBeforeMs: null });
  const deliveries = async () => {
    const { deliveries: listed } = await catalogue.hooks.listHookEvents(hookId, null, 1_000);
    return listed.map(({ body, status }) => [JSON.parse(body).type, status]);
  };
  // The clock of a shared database is not the test's: all that waits without a time is due.
  const claim = async (limit = 10) => (await catalogue.hooks.claimHookEvents(hookId, limit, 5_000))?.events ?? [];
  const end = async (
    claimed: Awaited<ReturnType<typeof claim>>[number] | undefined,
    changes: { isDelivered: boolean; notBeforeMs?: number | null; isGone?: boolean },
  ) => {
    if (claimed === undefined) return expect.fail('nothing was claimed');
    const { messageId, kind, subject } = claimed;
    const { isDelivered, notBeforeMs = null, isGone = false } = changes;
    const result = { atMs: 6_000, isDelivered, answer: 'answered 200' };
    await catalogue.hooks.endHookTry({ hookId, messageId, kind, subject, result, notBeforeMs, isGone });
  };

  test('names are unique in a project, and the number of hooks is limited', async () => {
    const again = { ...makeHook(projectId, newId()), name: `name of ${hookId}` };
    expect(await catalogue.hooks.addHook(again)).toBe('name_taken');
    for (let index = 1; index < 20; index += 1) {
      expect(await catalogue.hooks.addHook(makeHook(projectId, newId()))).toBe('added');
    }
    expect(await catalogue.hooks.addHook(makeHook(projectId, newId()))).toBe('full');
    expect(await catalogue.hooks.addHook({ ...again, projectId: newId() })).toBe('added');
  });

  test('a hook is changed, shown only in its project, and removed with its events', async () => {
    const previous = { sealedSecret: 'before', sealedPrivateKey: 'p', untilMs: 9_000 };
    const lastTry = { atMs: 7_000, isDelivered: false, answer: 'answered 500' };
    const changes = { previous, lastTry, sealedSecret: 'new', events: ['source.held'], newestOlderThanS: 60 } as const;
    const changed = await catalogue.hooks.changeHook(projectId, hookId, changes);
    expect(changed).toMatchObject({ ...changes, waiting: 0, failed: 0, url: 'https://alerts.example.com' });
    expect(await catalogue.hooks.showHook(projectId, hookId)).toEqual(changed);
    expect(await catalogue.hooks.showHook(newId(), hookId)).toBeNull();
    expect(await catalogue.hooks.changeHook(newId(), hookId, { pausedAtMs: 1 })).toBeNull();
    expect((await catalogue.hooks.allHooks()).map(({ id }) => id)).toContain(hookId);
    expect(await catalogue.identity.listSealedSecrets()).toContainEqual({
      owner: `hook ${hookId}`,
      sealedSecret: 'new',
    });
    await note(makeSighting('a', true, 2_000));
    expect(await catalogue.hooks.removeHook(newId(), hookId)).toBe(false);
    expect(await catalogue.hooks.removeHook(projectId, hookId)).toBe(true);
    expect(await catalogue.hooks.listHooks(projectId)).toEqual([]);
    expect(await deliveries()).toEqual([]);
    expect(await note(makeSighting('a', true, 2_000))).toBe('not_found');
  });

  test('a problem is reported when it begins and when it is over, and not again while it lasts', async () => {
    await note(makeSighting('a', true, 2_000));
    const [begun] = await claim();
    expect(JSON.parse(begun?.body ?? '')).toEqual({
      type: 'source.held',
      timestamp: '1970-01-01T00:00:02.000Z',
      data: {
        project_id: projectId,
        subject: { kind: 'source', id: 'a', name: null, operation_kind: null },
        since: '1970-01-01T00:00:02.000Z',
        cause: 'too_many',
        operation_id: null,
      },
    });
    await end(begun, { isDelivered: true });
    await note(makeSighting('a', true, 3_000));
    expect(await claim()).toEqual([]);
    await note(makeSighting('a', false, 4_000));
    const [over] = await claim();
    expect(JSON.parse(over?.body ?? '')).toMatchObject({
      type: 'source.held.resolved',
      timestamp: '1970-01-01T00:00:04.000Z',
      data: { subject: { id: 'a' }, since: '1970-01-01T00:00:02.000Z' },
    });
    expect(over?.messageId).not.toBe(begun?.messageId);
    await end(over, { isDelivered: true });
    expect(await deliveries()).toEqual([['source.held.resolved', 'delivered']]);
    await note(makeSighting('a', true, 5_000));
    expect(await deliveries()).toEqual([['source.held', 'waiting']]);
  });

  test('the newest event about a subject replaces one that waits, and a problem that nobody heard of is dropped', async () => {
    await note(makeSighting('a', true, 2_000), makeSighting('b', true, 2_000));
    await note(makeSighting('a', false, 3_000));
    expect(await deliveries()).toEqual([['source.held', 'waiting']]);
    const [sending] = await claim();
    await note(makeSighting('b', false, 4_000));
    // It is not sent before the one that is on its way.
    expect(await claim()).toEqual([]);
    await end(sending, { isDelivered: false, notBeforeMs: 1 });
    expect(await deliveries()).toEqual([['source.held.resolved', 'waiting']]);
    expect((await claim()).map(({ tries }) => tries)).toEqual([1]);
  });

  test('an event is claimed by one of several, retried when it is due, and given up at the end', async () => {
    await note(makeSighting('a', true, 2_000), makeSighting('b', true, 2_000), makeSighting('c', true, 2_000));
    const claims = await Promise.all([claim(2), claim(2), claim(2)]);
    const claimed = claims.flat();
    expect(new Set(claimed.map(({ messageId }) => messageId)).size).toBe(3);
    expect(claimed).toHaveLength(3);
    const [first, second, third] = claimed;
    await end(first, { isDelivered: false, notBeforeMs: 1 });
    await end(second, { isDelivered: false });
    expect((await claim()).map(({ messageId, tries }) => [messageId, tries])).toEqual([[first?.messageId, 2]]);
    const standing = { waiting: 2, failed: 1, lastTry: { atMs: 6_000, isDelivered: false, answer: 'answered 200' } };
    expect(await catalogue.hooks.showHook(projectId, hookId)).toMatchObject(standing);
    expect((await catalogue.hooks.listHookEvents(hookId, 'failed', 10)).count).toBe(1);
    expect(await catalogue.hooks.resendHookEvents(projectId, hookId, 'unknown')).toBe(0);
    expect(await catalogue.hooks.resendHookEvents(newId(), hookId, null)).toBeNull();
    expect(await catalogue.hooks.resendHookEvents(projectId, hookId, null)).toBe(1);
    expect((await claim()).map(({ messageId }) => messageId)).toEqual([second?.messageId]);
    await end(third, { isDelivered: true });
    expect(await catalogue.hooks.resendHookEvents(projectId, hookId, third?.messageId ?? '')).toBe(1);
  });

  test('nothing is sent to a hook that is paused or gone, and all that waits is sent once it is resumed', async () => {
    await note(makeSighting('a', true, 2_000));
    await catalogue.hooks.changeHook(projectId, hookId, { pausedAtMs: 3_000 });
    expect(await catalogue.hooks.hooksToSend(5_000)).not.toContain(hookId);
    expect(await claim()).toEqual([]);
    await catalogue.hooks.changeHook(projectId, hookId, { pausedAtMs: null });
    expect(await catalogue.hooks.hooksToSend(5_000)).toContain(hookId);
    const [claimed] = await claim();
    await end(claimed, { isDelivered: false, isGone: true });
    expect(await catalogue.hooks.showHook(projectId, hookId)).toMatchObject({ goneAtMs: 6_000, waiting: 1 });
    expect(await claim()).toEqual([]);
    await catalogue.hooks.changeHook(projectId, hookId, { goneAtMs: null });
    expect((await claim()).map(({ messageId }) => messageId)).toEqual([claimed?.messageId]);
  });

  test('after a repair, what waits for another try is due at once', async () => {
    const farMs = 5_000 + 24 * 60 * 60 * 1000;
    const { changeHook, resendHookEvents } = catalogue.hooks;
    for (const repair of [
      () => changeHook(projectId, hookId, { url: 'https://other.example.com' }),
      () => changeHook(projectId, hookId, { pausedAtMs: null, goneAtMs: null }),
      async () => expect(await resendHookEvents(projectId, hookId, null)).toBe(1),
    ]) {
      await note(makeSighting('a', true, 2_000));
      const [tried] = await claim();
      await end(tried, { isDelivered: false, notBeforeMs: farMs });
      await note(makeSighting('new', true, 2_000));
      await repair();
      const due = await catalogue.hooks.listHookEvents(hookId, 'waiting', 10);
      expect(due.deliveries.map(({ notBeforeMs }) => notBeforeMs)).toEqual([null, null]);
      await note(makeSighting('a', false, 3_000), makeSighting('new', false, 3_000));
      // Nobody has heard of the new one.
      expect(await deliveries()).toEqual([['source.held.resolved', 'waiting']]);
      await end((await claim())[0], { isDelivered: true });
    }
  });

  test('a limited number of subjects have events of their own, and one event stands for all others', async () => {
    const ids = Array.from({ length: hookSubjectsMax + 2 }, (_, index) => `source-${index}`);
    await note(...ids.map((id) => makeSighting(id, true, 2_000)));
    const subjectsNow = async () => {
      const open = await catalogue.hooks.openSubjects(hookId);
      return { all: open.length, others: open.filter(({ subject }) => subject.kind === 'project').length };
    };
    expect(await subjectsNow()).toEqual({ all: hookSubjectsMax + 1, others: 1 });
    const [last = '', ...others] = ids.slice(0, hookSubjectsMax);
    await note(...others.map((id) => makeSighting(id, false, 3_000)));
    expect(await subjectsNow()).toEqual({ all: 2, others: 1 });
    await note(makeSighting(last, false, 3_000));
    expect(await subjectsNow()).toEqual({ all: 0, others: 0 });
  });

  test('what has ended long ago is forgotten, unless the problem lasts', async () => {
    await note(makeSighting('a', true, 2_000), makeSighting('b', true, 2_000));
    for (const each of await claim()) await end(each, { isDelivered: true });
    await note(makeSighting('b', false, 3_000));
    for (const each of await claim()) await end(each, { isDelivered: true });
    await catalogue.hooks.noteProblems({ hookId, sightings: [], cursors: null, forgetBeforeMs: 4_000 });
    expect(await deliveries()).toEqual([['source.held', 'delivered']]);
  });

  test('the cursor moves with the events, and a process that is behind changes nothing', async () => {
    const at = (from: number, to: number) =>
      catalogue.hooks.noteProblems({
        hookId,
        sightings: [makeSighting(`seen-${to}`, true, to)],
        cursors: { from, to },
        forgetBeforeMs: null,
      });
    expect(await at(0, 3)).toBe('noted');
    expect(await at(0, 4)).toBe('stale');
    expect(await at(3, 5)).toBe('noted');
    expect((await deliveries()).length).toBe(2);
    expect((await catalogue.hooks.showHook(projectId, hookId))?.cursor).toBe(5);
  });

  test('the ends of operations are read in pages, and only while their transitions are kept', async () => {
    await importBackup(catalogue, projectId, makeItem('a'));
    const operation = await acceptAndStart(catalogue, projectId, makeItem('b'));
    const fault = { code: 'object_missing', detail: 'gone' } as const;
    await catalogue.operations.finishImport(makeFinish(operation, { status: 'failed', fault, record: null }));
    const readEnds = async (after: number) => {
      const page = await catalogue.hooks.operationEnds(projectId, after);
      return 'gone' in page
        ? page
        : page.ends.map(({ status, reason, resourceName }) => [status, reason, resourceName]);
    };
    await expect
      .poll(() => readEnds(0))
      .toEqual([
        ['success', null, 'database server'],
        ['failed', 'object_missing', 'database server'],
      ]);
    expect(await readEnds(6)).toEqual([]);
    expect(await readEnds(7)).toEqual({ gone: true, newest: 6 });
  });

  test('a backup is proved again once its record is available and verified since the failure, or is gone', async () => {
    const made = async (backupId: string, record: Partial<RecordWrite>) =>
      await importBackup(catalogue, projectId, makeItem(backupId), { record });
    const fault = { code: 'content_mismatch', detail: 'changed' } as const;
    await made('proved', { verifiedAtMs: 5_001 });
    await made('not-since', { verifiedAtMs: 5_000 });
    await made('broken', { verifiedAtMs: 6_000, status: 'error', fault });
    const failures = ['proved', 'not-since', 'broken', 'gone'].map((backupId) => ({ backupId, failedAtMs: 5_000 }));
    expect(await catalogue.hooks.provedAgain(projectId, failures)).toEqual(['proved', 'gone']);
  });

  test('a resource is overdue by its newest proved backup, until it has a newer one or is retired', async () => {
    const { backups, hooks } = catalogue;
    const made = async (backupId: string, takenAtMs: number) =>
      await importBackup(catalogue, projectId, makeItem(backupId, { resource_id: `of-${backupId[0]}` }), {
        record: { takenAtMs },
      });
    await made('a1', 100);
    await made('b1', 200);
    await made('c1', 900);
    const overdue = async (after: { takenAtMs: number; resourceId: string } | null, limit = 10) => {
      const { heads, next } = await hooks.overdueHeads(projectId, 'linkage', 500, after, limit);
      return [heads.map(({ resourceId, takenAtMs }) => [resourceId, takenAtMs]), next?.resourceId ?? null];
    };
    expect(await overdue(null)).toEqual([
      [
        ['of-a', 100],
        ['of-b', 200],
      ],
      null,
    ]);
    expect(await overdue(null, 1)).toEqual([[['of-a', 100]], 'of-a']);
    expect(await overdue({ takenAtMs: 100, resourceId: 'of-a' }, 1)).toEqual([[['of-b', 200]], 'of-b']);
    const all = ['of-a', 'of-b', 'of-c', 'of-nobody'];
    expect(await hooks.caughtUp(projectId, 'linkage', 500, all)).toEqual(['of-c', 'of-nobody']);
    await made('a2', 600);
    await backups.retireResource(projectId, 'of-b', 4_000);
    expect(await overdue(null)).toEqual([[], null]);
    expect(await hooks.caughtUp(projectId, 'linkage', 500, all)).toEqual(all);
  });
}
