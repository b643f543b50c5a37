import { type HookEventType, hookEvents } from '@backup-sync/contracts';
import { v7 as newId } from 'uuid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  acceptAndStart,
  importBackup,
  makeFinish,
  makeItem,
  makeSource,
} from '../catalogue/fixtures-for-conformance.ts';
import { makeHook } from '../catalogue/hook-conformance.ts';
import type { HookRecord } from '../catalogue/hook-records.ts';
import { answerWith, openHookReceiver } from '../testing/hook-receiver.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { HookCourier } from './hook-courier.ts';
import { HookSender } from './hook-sender.ts';

/** The entries of the log. */
const logged: unknown[][] = [];
const hourMs = 60 * 60 * 1000;
/** Rounds follow each other immediately. */
const quickPace = { roundEveryMs: 1, restMs: 2, lookEveryMs: 0 };
const receiverUrls: AsyncDisposable[] = [];

let over: Awaited<ReturnType<typeof openServicesOver>>;
beforeEach(async () => {
  logged.length = 0;
  over = await openServicesOver(openMemoryStorageUnit(new Map()), 'bucket-1');
});
afterEach(async () => {
  for (const each of receiverUrls.splice(0).toReversed()) await each[Symbol.asyncDispose]();
  await over[Symbol.asyncDispose]();
});

function senderOf(): HookSender {
  const { clock, seal } = over.services.world;
  return new HookSender({ clock, seal, allowedNetworks: ['127.0.0.1'], proxies: null, timeoutMs: 300 });
}

/** Starts a courier, as a server does. */
function startCourier(maySend = async () => true): HookCourier {
  const { services } = over;
  const courier = new HookCourier({
    services: { ...services, work: { ...services.work, hookSender: senderOf() } },
    pace: quickPace,
    random: () => 0,
    maySend,
    log: (event, _, fields) => void logged.push([event, fields]),
    onFault: (error) => void over.faults.push(error),
  });
  courier.start();
  receiverUrls.push(courier);
  return courier;
}

async function openReceiver(...answers: Parameters<typeof openHookReceiver>) {
  const receiver = await openHookReceiver(...answers);
  receiverUrls.push(receiver);
  /** The types and subjects of what it got. */
  const got = () => receiver.received.map(({ body }) => typeAndSubject(JSON.parse(body)));
  return { ...receiver, got };
}

function typeAndSubject(event: { type: HookEventType; data: { subject: { kind: string; id: string } } }) {
  // What is sent is what the documentation says.
  hookEvents[event.type].parse(event);
  return `${event.type} ${event.data.subject.kind} ${event.data.subject.id}`;
}

async function addHook(url: string, changes: Partial<HookRecord> = {}): Promise<string> {
  const id = newId();
  const { secret: _, ...keys } = await senderOf().makeKeys(id, false);
  await over.services.catalogue.hooks.addHook(makeHook(over.projectId, id, { url, ...keys, ...changes }));
  return id;
}

const fault = { code: 'object_missing', detail: 'gone' } as const;

async function failImport(backupId: string) {
  const { catalogue } = over.services;
  const operation = await acceptAndStart(catalogue, over.projectId, makeItem(backupId));
  const changes = { endedAtMs: over.clock.nowMs(), status: 'failed', fault, record: null } as const;
  await catalogue.operations.finishImport(makeFinish(operation, changes));
}
const importNow = (backupId: string, takenAtMs = over.clock.nowMs()) =>
  importBackup(over.services.catalogue, over.projectId, makeItem(backupId), {
    record: { takenAtMs },
    endedAtMs: over.clock.nowMs(),
  });
const deleteNow = (backupId: string) =>
  over.services.catalogue.backups.deleteBackup({
    ...{ operationId: newId(), projectId: over.projectId, backupId, requestId: 'request-2' },
    ...{ actor: { kind: 'system', name: 'root' }, deletedAtMs: over.clock.nowMs() },
  });
/** Waits until all events are delivered. Before that, a jump of the clock would end the claim on one being sent. */
const nothingWaits = (id: string) => expect.poll(() => showHook(id)).toMatchObject({ waiting: 0 });
const showHook = (id: string) => over.services.catalogue.hooks.showHook(over.projectId, id);

test('a failed import is reported once, and only an import of the same backup ends the problem', async () => {
  const receiver = await openReceiver(answerWith(200));
  await failImport('before-the-hook');
  await addHook(receiver.url);
  startCourier();
  await importNow('good');
  await failImport('a');
  // Other backups of the same resource, and another operation on this one.
  await importNow('b');
  await deleteNow('a');
  await expect.poll(receiver.got).toEqual(['operation.failed backup a']);
  await failImport('a');
  await failImport('c');
  await expect.poll(receiver.got).toHaveLength(2);
  expect(receiver.got()[1]).toBe('operation.failed backup c');
  await importNow('a');
  await expect.poll(receiver.got).toHaveLength(3);
  expect(receiver.got()[2]).toBe('operation.failed.resolved backup a');
  const { subject, operation } = JSON.parse(receiver.received[0]?.body ?? '').data;
  expect(subject).toEqual({ kind: 'backup', id: 'a', name: 'name of a', operation_kind: 'import' });
  expect(operation).toMatchObject({
    ...{ kind: 'import', status: 'failed', reason: 'object_missing', bucket_name: 'bucket-1', backup_id: 'a' },
    ...{ resource_id: 'resource-1', resource_name: 'database server' },
  });
  expect(over.faults).toEqual([]);
});

test('what began before a restart is neither missed nor reported again', async () => {
  const receiver = await openReceiver(answerWith(200));
  await addHook(receiver.url);
  await failImport('a');
  await using first = startCourier();
  await expect.poll(receiver.got).toHaveLength(1);
  await first[Symbol.asyncDispose]();
  await failImport('b');
  startCourier();
  await expect.poll(receiver.got).toHaveLength(2);
  expect(receiver.got()[1]).toBe('operation.failed backup b');
  await importNow('a');
  await expect.poll(receiver.got).toHaveLength(3);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
});

test('an event is retried with its id until it is accepted', async () => {
  const receiver = await openReceiver(answerWith(500), answerWith(503, { 'retry-after': '60' }), answerWith(200));
  const id = await addHook(receiver.url);
  startCourier();
  await failImport('a');
  await expect.poll(async () => (await showHook(id))?.lastTry?.answer).toBe('answered 500');
  over.clock.timeMs += 5_000;
  await expect.poll(async () => (await showHook(id))?.lastTry?.answer).toBe('answered 503');
  over.clock.timeMs += 5 * 60_000;
  await expect.poll(async () => (await showHook(id))?.lastTry?.answer).toBe('answered 200');
  expect(new Set(receiver.received.map(({ headers, body }) => `${headers['webhook-id']} ${body}`)).size).toBe(1);
  expect(await showHook(id)).toMatchObject({ waiting: 0, failed: 0 });
});

test('after the last try an event is a dead letter, which can be sent again', async () => {
  const receiver = await openReceiver(answerWith(500));
  const id = await addHook(receiver.url);
  startCourier();
  await failImport('a');
  for (let tries = 1; tries <= 10; tries += 1) {
    await expect.poll(() => receiver.received.length).toBe(tries);
    const { deliveries } = await over.services.catalogue.hooks.listHookEvents(id, null, 1);
    expect(deliveries[0]?.tries).toBe(tries);
    await expect.poll(async () => (await showHook(id))?.lastTry?.atMs).toBe(over.clock.nowMs());
    over.clock.timeMs += 25 * hourMs;
  }
  await expect.poll(() => showHook(id)).toMatchObject({ waiting: 0, failed: 1 });
  await expect.poll(() => logged).toEqual([['hook.given_up', { project_id: over.projectId, hook_id: id }]]);
  await over.services.catalogue.hooks.resendHookEvents(over.projectId, id, null);
  await expect.poll(() => receiver.received.length).toBe(11);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('a receiver that is gone gets nothing more, and one that hangs does not delay others', async () => {
  const gone = await openReceiver(answerWith(410));
  const hanging = await openReceiver(() => {});
  const good = await openReceiver(answerWith(200));
  const goneId = await addHook(gone.url);
  await addHook(hanging.url);
  await addHook(good.url);
  startCourier();
  for (let index = 0; index < 10; index += 1) await failImport(`b-${index}`);
  await expect.poll(good.got).toHaveLength(10);
  await expect.poll(async () => (await showHook(goneId))?.goneAtMs).not.toBeNull();
  expect(gone.received.length).toBeLessThanOrEqual(4);
  expect(hanging.received.length).toBeLessThanOrEqual(8);
});

test('sources and backups that are overdue are reported when it begins and when it ends', async () => {
  const { catalogue } = over.services;
  const receiver = await openReceiver(answerWith(200));
  const startMs = over.clock.nowMs();
  await catalogue.sources.addSource(makeSource(over.projectId, 'source-1', { createdAtMs: startMs }));
  await importNow('a');
  const id = await addHook(receiver.url, {
    newestOlderThanS: 26 * 3600,
    sourceOlderThanS: 3 * 3600,
    events: ['backup.overdue', 'source.overdue'],
  });
  startCourier();
  over.clock.timeMs += 3 * hourMs + 1_000;
  await expect.poll(receiver.got).toEqual(['source.overdue source source-1']);
  await nothingWaits(id);
  over.clock.timeMs += 23 * hourMs;
  await expect.poll(receiver.got).toHaveLength(2);
  expect(receiver.got()[1]).toBe('backup.overdue resource resource-1');
  await importNow('b');
  await expect.poll(receiver.got).toHaveLength(3);
  expect(receiver.got()[2]).toBe('backup.overdue.resolved resource resource-1');
  await catalogue.sources.pauseSource(over.projectId, 'source-1', over.clock.nowMs());
  await expect.poll(receiver.got).toHaveLength(4);
  expect(receiver.got()[3]).toBe('source.overdue.resolved source source-1');
  expect(over.faults).toEqual([]);
});

test('a failed verification is reported by its backup, and a cancelled one is not', async () => {
  const { catalogue } = over.services;
  const receiver = await openReceiver(answerWith(200));
  const id = await addHook(receiver.url);
  await importNow('a');
  startCourier();
  const end = async (status: 'success' | 'failed', code: 'content_mismatch' | 'cancelled' | null) => {
    const operation = over.newOperation({ kind: 'verify', request: {}, backupId: 'a' });
    await catalogue.operations.addOperation(operation);
    await catalogue.operations.startOperation(operation.id, 'worker-1', over.clock.nowMs());
    const requests = { lists: 0, gets: 0, bytesRead: 0 };
    const ended = { id: operation.id, epoch: 1, status, endedAtMs: over.clock.nowMs(), requests, message: '' } as const;
    const endFault = code === null ? null : { code, detail: '' };
    await catalogue.operations.finishOperation({ ...ended, fault: endFault, progress: {}, result: null });
  };
  await end('failed', 'cancelled');
  await end('failed', 'content_mismatch');
  await expect.poll(receiver.got).toEqual(['verification.failed backup a']);
  await end('success', null);
  await expect.poll(receiver.got).toHaveLength(2);
  expect(receiver.got()[1]).toBe('verification.failed.resolved backup a');
  await end('failed', 'content_mismatch');
  await expect.poll(receiver.got).toHaveLength(3);
  await nothingWaits(id);
  over.clock.timeMs += 31 * 24 * hourMs;
  // Time alone does not end it.
  await failImport('b');
  await expect.poll(receiver.got).toHaveLength(4);
  expect((await catalogue.hooks.openSubjects(id)).map(({ kind }) => kind)).toContain('verification.failed');
  await deleteNow('a');
  await expect.poll(receiver.got).toHaveLength(5);
  expect(receiver.got()[4]).toBe('verification.failed.resolved backup a');
});

test('a held source is reported, with its cause', async () => {
  const { catalogue } = over.services;
  const receiver = await openReceiver(answerWith(200));
  await catalogue.sources.addSource(makeSource(over.projectId, 'source-1', { createdAtMs: over.clock.nowMs() }));
  await addHook(receiver.url, { events: ['source.held'] });
  startCourier();
  await catalogue.sourceRuns.hold('source-1', 'run-1', 'too_many', over.clock.nowMs());
  await expect.poll(receiver.got).toEqual(['source.held source source-1']);
  const { data } = JSON.parse(receiver.received[0]?.body ?? '');
  expect(data).toMatchObject({ cause: 'too_many', operation_id: 'run-1', subject: { name: 'name of source-1' } });
  await catalogue.sourceRuns.release('source-1');
  await expect.poll(receiver.got).toHaveLength(2);
  expect(receiver.got()[1]).toBe('source.held.resolved source source-1');
});

test('a problem that the hook reports no longer, or that is too old, is forgotten and not reported as over', async () => {
  const { hooks, sources } = over.services.catalogue;
  const receiver = await openReceiver(answerWith(200));
  const createdAtMs = over.clock.nowMs();
  await sources.addSource(makeSource(over.projectId, 'source-1', { createdAtMs }));
  await importNow('a', createdAtMs - 48 * hourMs);
  const id = await addHook(receiver.url, { newestOlderThanS: 26 * 3600, sourceOlderThanS: 3600 });
  startCourier();
  await failImport('b');
  await expect.poll(receiver.got).toHaveLength(2);
  await nothingWaits(id);
  over.clock.timeMs += 2 * hourMs;
  await expect.poll(receiver.got).toHaveLength(3);
  await nothingWaits(id);
  const openKinds = async () => new Set((await hooks.openSubjects(id)).map(({ kind }) => kind));
  const changes = { events: ['operation.failed', 'source.overdue'], sourceOlderThanS: null } as const;
  await hooks.changeHook(over.projectId, id, changes);
  await expect.poll(openKinds).toEqual(new Set(['operation.failed']));
  over.clock.timeMs += 31 * 24 * hourMs;
  await expect.poll(openKinds).toEqual(new Set());
  expect(receiver.got()).toHaveLength(3);
  expect(await showHook(id)).toMatchObject({ waiting: 0 });
});

test('a problem that began and ended while the hook was paused is not reported', async () => {
  const { hooks } = over.services.catalogue;
  const receiver = await openReceiver(answerWith(200));
  const id = await addHook(receiver.url);
  await hooks.changeHook(over.projectId, id, { pausedAtMs: over.clock.nowMs() });
  startCourier();
  await failImport('a');
  await failImport('b');
  await expect.poll(() => showHook(id)).toMatchObject({ waiting: 2 });
  await importNow('a');
  await expect.poll(() => showHook(id)).toMatchObject({ waiting: 1 });
  await hooks.changeHook(over.projectId, id, { pausedAtMs: null });
  await expect.poll(receiver.got).toEqual(['operation.failed backup b']);
});

test('of several processes, each event is sent by one', async () => {
  const receiver = await openReceiver(answerWith(200));
  await addHook(receiver.url);
  startCourier();
  startCourier();
  startCourier();
  for (let index = 0; index < 20; index += 1) await failImport(`b-${index}`);
  await expect.poll(() => new Set(receiver.got()).size).toBe(20);
  expect(receiver.got()).toHaveLength(20);
});
