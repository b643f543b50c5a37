import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { CallOutput, UnaryCallName } from '@backup-sync/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { type CinderBackupPlan, dataKeysOf, isDataKey, writeCinderBackup } from '../testing/cinder-writer.ts';
import { operationEnd } from '../testing/operation-end.ts';
import { startS3Server } from '../testing/s3-test-server.ts';
import { seededBytes, seededUuid } from '../testing/seeded-bytes.ts';
import { syncItemOf } from '../testing/small-chain.ts';

const bucket = 'backups';
const blocks = 200;

/** Three links: two of 200 objects each, and one of a single object. */
function writeChain() {
  const plan: CinderBackupPlan = {
    volumeId: seededUuid('s3/volume'),
    backupId: seededUuid('s3/0'),
    takenAtMs: Date.UTC(2026, 2, 1),
    volume: seededBytes('s3/0', blocks * 512),
    objectBytes: 512,
    blockBytes: 512,
  };
  const full = writeCinderBackup(plan);
  const middle = writeCinderBackup({
    ...plan,
    backupId: seededUuid('s3/1'),
    takenAtMs: Date.UTC(2026, 2, 2),
    volume: seededBytes('s3/1', blocks * 512),
    parent: full,
  });
  const volume = middle.plan.volume.slice();
  volume.fill(7, 0, 512);
  const plan2 = { ...plan, backupId: seededUuid('s3/2'), takenAtMs: Date.UTC(2026, 2, 3), volume };
  const leaf = writeCinderBackup({ ...plan2, parent: middle });
  return { full, middle, leaf };
}

const chain = writeChain();

// Some hundred requests over HTTP for each verification.
vi.setConfig({ testTimeout: 60_000 });

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

/** An engine over S3 that has recorded the chain. The server logs each requested object, and can delay one. */
async function openOverS3() {
  await using stack = new AsyncDisposableStack();
  const asked: string[] = [];
  const holding: { key: string | null; released: Promise<void> } = { key: null, released: Promise.resolve() };
  const objects = Object.fromEntries(Object.values(chain).flatMap((backup) => [...backup.objects]));
  const server = stack.use(
    await startS3Server({ [bucket]: objects }, async (key) => {
      asked.push(key);
      if (key === holding.key) await holding.released;
      return null;
    }),
  );
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-s3-'));
  stack.defer(() => rm(home, { recursive: true }));
  const faults: unknown[] = [];
  const open = () =>
    openEmbeddedEngine({
      dataDirectory: join(home, 'data'),
      storage: `s3:${server.options.endpoint}`,
      onFault: (_, error) => faults.push(error),
    });
  let engine = await open();
  stack.defer(() => engine[Symbol.asyncDispose]());
  const callerOf = () =>
    ({ kind: 'system', name: 'tester', projectId: engine.identity.project.id, role: 'operator' }) as const;
  const call = <Name extends UnaryCallName>(name: Name, input: object): Promise<CallOutput<Name>> => {
    const caller = callerOf();
    return engine.call(name, { caller, requestId: 'request' }, { ...input, project_id: caller.projectId });
  };
  const items = Object.values(chain).map((backup) => syncItemOf(backup, bucket));
  const { sync } = await call('syncBackups', { sync: items });
  const until = async <Value>(look: () => Promise<Value | null>): Promise<Value> => {
    for (let value = await look(); ; value = await look()) {
      if (value !== null) return value;
      await setImmediate();
    }
  };
  const ended = (operationId: string) => operationEnd(engine, callerOf(), operationId);
  for (const { operation_log_id } of sync) expect((await ended(operation_log_id)).status).toBe('success');
  const owned = stack.move();
  return {
    asked,
    holding,
    faults,
    call,
    until,
    ended,
    verify: async (backup: (typeof chain)['full'], level: 'content' | 'replay') =>
      (await call('verifyBackup', { backup_id: backup.plan.backupId, level })).operation_id,
    async stop() {
      await engine[Symbol.asyncDispose]();
    },
    async start() {
      engine = await open();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test('content and replay over S3 count each request and byte that the service saw', async () => {
  await using engine = await openOverS3();
  const { asked, ended, verify } = engine;
  asked.length = 0;
  const content = await ended(await verify(chain.leaf, 'content'));
  const all = Object.values(chain).flatMap(dataKeysOf);
  expect(content).toMatchObject({ status: 'success', result: { level: 'content', links: 3 } });
  expect(asked.filter(isDataKey).toSorted()).toEqual(all.toSorted());
  expect(content.requests?.gets).toBe(asked.length);

  asked.length = 0;
  const replay = await ended(await verify(chain.leaf, 'replay'));
  expect(replay).toMatchObject({ status: 'success', result: { level: 'replay', volume_bytes: blocks * 512 } });
  expect(replay.requests?.gets).toBe(asked.length);
  const bytesOf = new Map(Object.values(chain).flatMap(({ objects }) => [...objects]));
  expect(replay.requests?.bytes_read).toBe(asked.reduce((sum, key) => sum + (bytesOf.get(key)?.length ?? 0), 0));
  expect(engine.faults).toEqual([]);
});

test('a stopped verification continues after the links and objects it has proved', async () => {
  await using engine = await openOverS3();
  const { asked, holding, until, call, ended, verify } = engine;
  const release = Promise.withResolvers<void>();
  holding.key = dataKeysOf(chain.middle)[150] ?? '';
  holding.released = release.promise;
  const operation_id = await verify(chain.leaf, 'content');
  // Objects are proved in batches of 64. All objects before the delayed one will be proved.
  await until(async () => {
    const { operation } = await call('showOperation', { operation_id });
    const { link, objects } = operation.progress;
    return link === 1 && objects === dataKeysOf(chain.full).length + 128 ? operation : null;
  });
  await engine.stop();
  release.resolve();
  holding.key = null;
  asked.length = 0;
  await engine.start();
  const operation = await ended(operation_id);
  expect(operation).toMatchObject({ status: 'success', result: { level: 'content', links: 3 } });
  const expected = [...dataKeysOf(chain.middle).slice(128), ...dataKeysOf(chain.leaf)];
  expect(asked.filter(isDataKey).toSorted()).toEqual(expected.toSorted());
  expect(engine.faults).toEqual([]);
});

test('verifications of several backups of a chain read each link once', async () => {
  await using engine = await openOverS3();
  const { asked, holding, ended, verify } = engine;
  const release = Promise.withResolvers<void>();
  holding.key = dataKeysOf(chain.full)[0] ?? '';
  holding.released = release.promise;
  asked.length = 0;
  const ids: string[] = [];
  for (const backup of [chain.leaf, chain.full, chain.middle]) ids.push(await verify(backup, 'content'));
  release.resolve();
  for (const id of ids) expect(await ended(id)).toMatchObject({ status: 'success', result: { level: 'content' } });
  const all = Object.values(chain).flatMap(dataKeysOf);
  expect(asked.filter(isDataKey).toSorted()).toEqual(all.toSorted());
  expect(engine.faults).toEqual([]);
});
