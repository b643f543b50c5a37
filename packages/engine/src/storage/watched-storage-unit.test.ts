import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openMemoryUnderTest } from '../testing/memory-under-test.ts';
import { type ObjectContent, StorageError } from './port.ts';
import { rangedReadConformance } from './ranged-read-conformance.ts';
import { storageConformance } from './storage-conformance.ts';
import { type StorageWatcher, watchRequests } from './watched-storage-unit.ts';

const never = new AbortController().signal;
const passes: StorageWatcher = { begin: () => () => undefined };

const openWatchedUnit = openMemoryUnderTest((unit) => watchRequests(unit, passes, never));
storageConformance('watched', openWatchedUnit);
rangedReadConformance('watched', openWatchedUnit);

/** A unit with one object of two pieces, and a log of the watched waits. */
function openWatched() {
  const told: string[] = [];
  const memory = openMemoryStorageUnit(new Map([['bucket', new Map([['key', new Uint8Array(100_000)]])]]));
  const watcher: StorageWatcher = {
    begin: (bucketName, _subject, wait) => (outcome) => {
      told.push(`${bucketName} ${wait} ${outcome instanceof StorageError ? outcome.code : outcome}`);
      return undefined;
    },
  };
  return { told, memory, watcher };
}

test('reports each page, request and piece, and how it ended', async () => {
  const { told, memory, watcher } = openWatched();
  const unit = watchRequests(memory, watcher, never);
  for await (const _ of unit.list({ bucket: 'bucket', prefix: '' })) told.push('page');
  for await (const _ of (await unit.get({ bucket: 'bucket', key: 'key' })).body) told.push('piece');
  await expect(unit.head({ bucket: 'bucket', key: 'absent' })).rejects.toThrow();
  const begin = () => Promise.reject(new StorageError('unreachable', 'away'));
  await expect(unit.admit({ bucket: 'bucket', kind: 'get', subject: 'key', begin })).rejects.toThrow('away');
  expect(told).toEqual([
    'bucket answer answered',
    'page',
    'bucket answer nothing',
    'bucket answer answered',
    'bucket bytes answered',
    'piece',
    'bucket bytes answered',
    'piece',
    'bucket bytes nothing',
    'bucket answer answered',
    'bucket answer unreachable',
  ]);
});

test('an aborted signal ends a wait that ignores it, and an object that arrives later is released', async () => {
  const { told, memory, watcher } = openWatched();
  const answered = Promise.withResolvers<ObjectContent>();
  const unit = watchRequests({ ...memory, get: () => answered.promise }, watcher, never);
  const controller = new AbortController();
  const asked = unit.get({ bucket: 'bucket', key: 'key', signal: controller.signal });
  controller.abort(new Error('not wanted any more'));
  await expect(asked).rejects.toThrow('not wanted any more');
  expect(told).toEqual(['bucket answer nothing']);

  let isReleased = false;
  async function* body() {
    try {
      yield new Uint8Array(1);
    } finally {
      isReleased = true;
    }
  }
  answered.resolve({ size: 1, etag: null, modifiedAtMs: 0, body: body() });
  await setImmediate();
  expect(isReleased).toBe(true);
});

test('a body that hangs is abandoned when its signal is aborted', async () => {
  const { memory, watcher } = openWatched();
  async function* body() {
    yield new Uint8Array(1);
    await new Promise(() => {});
  }
  const content = { size: 2, etag: null, modifiedAtMs: 0, body: body() };
  const stopping = new AbortController();
  const unit = watchRequests({ ...memory, get: async () => content }, watcher, stopping.signal);
  const read = async () => {
    for await (const _ of (await unit.get({ bucket: 'bucket', key: 'key' })).body)
      stopping.abort(new Error('stopping'));
  };
  await expect(read()).rejects.toThrow('stopping');
});

test('reports missing bytes of another client until they arrive, reading ends, or the client ends', async () => {
  const { told, memory, watcher } = openWatched();
  const unit = watchRequests(memory, watcher, never);
  const client = new AbortController();
  let onBytes: (doCome: boolean) => void = () => {};
  const listen = (call: typeof onBytes) => {
    onBytes = call;
  };
  const admit = () =>
    unit.admit({ bucket: 'bucket', kind: 'get', subject: 'key', begin: async () => {}, signal: client.signal, listen });
  const note = await admit();
  onBytes(false);
  onBytes(true);
  onBytes(false);
  note(10);
  await admit();
  onBytes(false);
  client.abort();
  const bytes = told.filter((each) => each !== 'bucket answer answered');
  expect(bytes).toEqual(['bucket bytes answered', 'bucket bytes nothing', 'bucket bytes nothing']);
});
