import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { makeSource } from '../catalogue/fixtures-for-conformance.ts';
import { acceptImports } from '../imports/accept-imports.ts';
import { importChain } from '../imports/import-chain.ts';
import { startSourceRun } from '../sources/start-source-run.ts';
import { askBeforeRequests } from '../storage/asked-storage-unit.ts';
import { openJobRun } from '../testing/job-run.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { chainOfItem, openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { runOperation } from './run-operation.ts';

const bucketName = 'volumebackups';
const never = new AbortController().signal;
const actor = { kind: 'system', name: 'ada' } as const;
const chain = writeSmallChain('leases', 8, [[1], [2]]);
const leaf = syncItemOf(chain.at(-1) ?? (chain[0] as never), bucketName);
const singles = ['one', 'two', 'three'].map((seed) => writeSmallChain(seed, 4, []));

/** Services over a bucket, and a hook that runs before one of the requests of the first worker. */
async function start() {
  const objects = new Map([...chain, ...singles.flat()].flatMap((backup) => [...backup.objects]));
  const hook = { requests: 0, at: Number.POSITIVE_INFINITY, run: async () => {} };
  const storage = askBeforeRequests(openMemoryStorageUnit(new Map([[bucketName, objects]])), async (_, make) => {
    hook.requests += 1;
    if (hook.requests === hook.at) await hook.run();
    return await make();
  });
  const over = await openServicesOver(storage, bucketName);
  return { ...over, objects, hook };
}

type World = Awaited<ReturnType<typeof start>>;

/** Some work, by the worker with this name. */
type Work = (leaseOwner: string) => Promise<void>;

function workOnOperation({ worker, works, services }: World, id: string): Work {
  const run = openJobRun(services.work.storage);
  return (leaseOwner) => runOperation({ ...worker, works, leaseOwner }, id, run);
}

async function prepareImport({ services, worker, projectId }: World): Promise<Work> {
  const origin = { projectId, actor, requestId: 'r', parentOperationId: null, withAncestors: true, lane: null };
  await acceptImports(services, [{ item: leaf, proofsNotBeforeMs: null }], origin);
  const run = { signal: never, storage: services.work.storage };
  return (leaseOwner) => importChain({ ...worker, leaseOwner }, chainOfItem(services, projectId, leaf), run);
}

async function prepareVerification(world: World): Promise<Work> {
  await (await prepareImport(world))('worker-0');
  const request = { level: 'content', readAfterMs: world.clock.nowMs() } as const;
  const operation = world.newOperation({ kind: 'verify', backupId: leaf.backup_id, request });
  await world.services.catalogue.operations.addOperation(operation);
  return workOnOperation(world, operation.id);
}

/** The run of a source that misses a backup for the second time, and the run after that. */
async function prepareSourceRun(world: World): Promise<Work> {
  const { services, projectId, objects } = world;
  const place = { storageUnitId: services.work.storage.id, bucketName, intervalS: null, removalShare: 0.9 };
  const source = makeSource(projectId, 'source-1', place);
  await services.catalogue.sources.addSource(source);
  const ask = async () => {
    const origin = { actor, requestId: 'r', confirmsRemovals: false };
    return (await startSourceRun(services, source, origin))?.operationId ?? '';
  };
  for (const removed of [[], singles[0] ?? []]) {
    for (const backup of removed) for (const key of backup.objects.keys()) objects.delete(key);
    await ask();
    await world.workOnAll();
  }
  const run = workOnOperation(world, await ask());
  return async (leaseOwner) => {
    await run(leaseOwner);
    if (leaseOwner === 'worker-2') await workOnOperation(world, await ask())(leaseOwner);
  };
}

/** All rows of the catalogue, by table. */
function rowsOf({ databasePath }: World): Record<string, unknown> {
  const database = new DatabaseSync(databasePath, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    return Object.fromEntries(tables.map(({ name }) => [name, database.prepare(`SELECT * FROM "${name}"`).all()]));
  } finally {
    database.close();
  }
}

test.each([
  ['an import with its ancestors', prepareImport],
  ['a verification', prepareVerification],
  ['a run of a source that marks a backup as vanished', prepareSourceRun],
])('a worker of %s that comes back after another has done its work changes no row', async (_, prepare) => {
  for (let at = 1; ; at += 1) {
    await using world = await start();
    const { hook, services } = world;
    const work = await prepare(world);
    let rows: unknown = null;
    hook.requests = 0;
    hook.at = at;
    hook.run = async () => {
      await services.catalogue.operations.releaseOperations('worker-1', world.clock.nowMs());
      await work('worker-2');
      rows = rowsOf(world);
    };
    await work('worker-1');
    if (rows === null) {
      expect(at).toBeGreaterThan(3);
      return;
    }
    expect(rowsOf(world), `paused before request ${at}`).toEqual(rows);
    expect(world.faults).toEqual([]);
  }
});
