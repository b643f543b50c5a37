import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallInput, CallOutput, Operation, UnaryCallName } from '@backup-sync/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { makeDataDirectory } from '../testing/data-directory.ts';
import { operationEnd } from '../testing/operation-end.ts';
import { writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets, type TestBuckets } from '../testing/test-buckets.ts';
import { backUpCatalogue } from './back-up-catalogue.ts';
import { restoreCatalogue } from './restore-catalogue.ts';

const bucket = 'volumebackups';
const signal = new AbortController().signal;
const chains = ['one', 'two', 'three', 'four'].map((seed) => writeSmallChain(seed, 4, [[1]]));

let buckets: TestBuckets;
let home: string;
beforeEach(async () => {
  buckets = await makeTestBuckets();
  home = await mkdtemp(join(tmpdir(), 'backup-sync-restore-'));
  for (const backup of chains.flat()) await buckets.put(bucket, backup.objects);
  await makeDataDirectory(join(home, 'data'));
});
afterEach(async () => {
  await buckets[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

/** Opens the engine of a data directory, and calls it as an operator. */
async function openEngine(name: string) {
  const faults: unknown[] = [];
  const engine = await openEmbeddedEngine({
    ...{ dataDirectory: join(home, name), storage: `file:${buckets.directory}` },
    onFault: (_, error) => faults.push(error),
  });
  const caller = { kind: 'system', name: 'tester', projectId: engine.identity.project.id, role: 'operator' } as const;
  const call = <Name extends UnaryCallName>(
    call: Name,
    input: Omit<CallInput<Name>, 'project_id'>,
  ): Promise<CallOutput<Name>> =>
    engine.call(call, { caller, requestId: engine.newId() }, { project_id: caller.projectId, ...input });
  const statuses = async () => {
    const { backups } = await call('listBackups', { limit: 100 });
    return new Map(backups.map(({ id, status }) => [id, status]));
  };
  /** Runs the source, with its imports. */
  const scan = async (source_id: string): Promise<Operation> => {
    const { operation_id: id } = await call('scanSource', { source_id });
    return operationEnd(engine, caller, id);
  };
  return { call, scan, statuses, faults, caller, engine, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
}

const archive = () => join(home, 'catalogue.archive.gz');

function backUp() {
  const options = {
    output: archive(),
    replace: false,
    withKey: false,
    secretKey: null,
    release: '0.1.0',
    signal,
    onRows: () => {},
  };
  return backUpCatalogue({ from: join(home, 'data'), ...options });
}

function restore() {
  const options = { archive: archive(), secretKey: null, command: null, signal, onRows: () => {} };
  return restoreCatalogue({ to: join(home, 'restored'), ...options });
}

test('an old catalogue and a newer bucket never lead to mass removal', async () => {
  let sourceId: string;
  {
    await using engine = await openEngine('data');
    const { source } = await engine.call('addSource', { name: 'nightly', bucket_name: bucket });
    sourceId = source.id;
    expect(await engine.scan(sourceId)).toMatchObject({ status: 'success' });
    // One absence is counted just before the backup; a second one would mark the backup.
    for (const key of chains[0]?.at(-1)?.objects.keys() ?? []) await buckets.remove(bucket, key);
    await engine.scan(sourceId);
  }
  await backUp();
  await restore();
  await using engine = await openEngine('restored');
  const before = await engine.statuses();
  expect(before.size).toBe(8);
  expect(new Set(before.values())).toEqual(new Set(['available']));
  await engine.scan(sourceId);
  // The first run after the restore counts from the beginning.
  expect(await engine.statuses()).toEqual(before);
  for (const backup of chains.slice(1).flat()) {
    for (const key of backup.objects.keys()) await buckets.remove(bucket, key);
  }
  for (const _ of [1, 2, 3]) await engine.scan(sourceId);
  const after = await engine.statuses();
  const { source } = await engine.call('showSource', { source_id: sourceId });
  expect(source.status).toBe('held');
  expect([...after.values()].filter((status) => status === 'error').length).toBeLessThanOrEqual(1);
  expect(engine.faults).toEqual([]);
});

test('what had not ended when it was backed up runs after the restore', async () => {
  let operationId: string;
  {
    await using engine = await openEngine('data');
    await engine.call('addSource', { name: 'nightly', bucket_name: bucket });
    ({ operation_id: operationId } = await engine.call('startScan', { bucket_name: bucket, sync: true }));
    await backUp();
  }
  await restore();
  await using engine = await openEngine('restored');
  expect(await operationEnd(engine.engine, engine.caller, operationId)).toMatchObject({ status: 'success' });
  expect([...(await engine.statuses()).values()]).toEqual(Array.from({ length: 8 }, () => 'available'));
});
