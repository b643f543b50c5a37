import { DatabaseSync } from 'node:sqlite';
import type { BackupSync, OperationLog, PlanSyncAnswer } from '@backup-sync/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts';

const bucket = 'volumebackups';

function itemsOf(chain: readonly WrittenBackup[]): BackupSync[] {
  return chain.map((backup) => syncItemOf(backup, bucket));
}

async function put(engine: TestEngine, chain: readonly WrittenBackup[]): Promise<void> {
  for (const backup of chain) await engine.buckets.put(bucket, backup.objects);
}

/** Every row of every table. */
function contentsOf(databasePath: string): string {
  using database = new DatabaseSync(databasePath, { readOnly: true });
  const tables = database.prepare("select name from sqlite_schema where type = 'table' order by name").all();
  return JSON.stringify(tables.map(({ name }) => [name, database.prepare(`select * from "${name}"`).all()]));
}

function classesOf(answer: PlanSyncAnswer): string[] {
  return answer.plan.map((item) => item.class);
}

function requestsOf(logs: readonly OperationLog[]) {
  const sum = (name: 'lists' | 'gets' | 'bytes_read') =>
    logs.reduce((total, log) => total + (log.backup_sync.requests?.[name] ?? 0), 0);
  return { lists: sum('lists'), gets: sum('gets'), bytes_read: sum('bytes_read') };
}

test('the sync does and costs what the plan forecast', async () => {
  await using engine = await openTestEngine();
  const chain = writeSmallChain('plan', 16, [[1], [2, 9]]);
  const other = writeSmallChain('plan/other', 8, [[3]]);
  await put(engine, [...chain, ...other]);
  const items = itemsOf([...chain, ...other]);

  const plan = await engine.call('planSync', { sync: items });
  expect(classesOf(plan)).toEqual(['new', 'new', 'new', 'new', 'new']);
  expect(plan.plan.map((item) => item.level)).toEqual(Array(5).fill('inventory'));
  expect(plan.plan[0]?.message).toBe('would be recorded unless its block hashes show a fault');
  // One LIST and the metadata; the hashes of each link are still to be read.
  expect(plan.requests).toMatchObject({ lists: 2, gets: 5 });
  expect(plan.forecast).toMatchObject({ lists: 2, gets: 10, seconds: expect.any(Number) });

  const { seconds: _, ...forecast } = plan.forecast;
  expect(requestsOf(await engine.sync(items))).toEqual(forecast);

  const again = await engine.call('planSync', { sync: items });
  expect(classesOf(again)).toEqual(['same', 'same', 'same', 'same', 'same']);
  expect(again.plan.map((item) => item.level)).toEqual(Array(5).fill('linkage'));
  expect(again.forecast).toMatchObject({ lists: 2, gets: 0, bytes_read: 0 });
  expect(engine.faults).toEqual([]);
});

test('whatever is missing, recorded or requested, the plan forecasts the cost and each failure', async () => {
  const chain = writeSmallChain('plan/any', 16, [[1], [2, 9], [4]]);
  const keys = chain.flatMap((backup) => [...backup.objects.keys()]);
  const cases = fc.record({
    asked: fc.shuffledSubarray(itemsOf(chain), { minLength: 1 }),
    recorded: fc.subarray(itemsOf(chain)),
    removed: fc.subarray(keys, { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ asked, recorded, removed }) => {
      await using engine = await openTestEngine();
      await put(engine, chain);
      if (recorded.length > 0) await engine.sync(recorded);
      for (const key of removed) await engine.buckets.remove(bucket, key);
      const plan = await engine.call('planSync', { sync: asked });
      const logs = await engine.sync(asked);
      const { seconds: _, ...forecast } = plan.forecast;
      expect(requestsOf(logs)).toEqual(forecast);
      expect(plan.plan.map(({ reason }) => reason?.code ?? null)).toEqual(
        logs.map((log) => log.backup_sync.reason?.code ?? null),
      );
      expect(plan.plan.map(({ outcome }) => outcome)).toEqual(logs.map((log) => log.backup_sync.outcome));
    }),
    { numRuns: 8 },
  );
});

test('the forecast for an increment on a proved chain is its metadata and two hash objects', async () => {
  await using engine = await openTestEngine();
  const chain = writeSmallChain('plan/increment', 16, [[1], [2]]);
  const [full, first, second] = chain;
  if (full === undefined || first === undefined || second === undefined) throw new Error('the chain has three links');
  await put(engine, [full, first]);
  await engine.sync(itemsOf([full, first]));
  await put(engine, [second]);

  const plan = await engine.call('planSync', { sync: itemsOf([second]) });
  const bytesOf = (backup: WrittenBackup, suffix: string) =>
    backup.objects.get(`${backup.imagePath}${suffix}`)?.length ?? 0;
  const bytes = bytesOf(second, '_metadata') + bytesOf(second, '_sha256file') + bytesOf(first, '_sha256file');
  expect(plan.forecast).toMatchObject({ lists: 1, gets: 3, bytes_read: bytes });
  const { seconds: _, ...forecast } = plan.forecast;
  expect(requestsOf(await engine.sync(itemsOf([second])))).toEqual(forecast);
});

test('a plan never writes to the catalogue, whatever it finds', async () => {
  await using engine = await openTestEngine();
  const chain = writeSmallChain('plan/still', 16, [[1], [2]]);
  await put(engine, chain);
  const [full, first, second] = itemsOf(chain);
  if (full === undefined || first === undefined || second === undefined) throw new Error('the chain has three links');
  await engine.sync([full]);
  const before = contentsOf(engine.databasePath);

  const answer = await engine.call('planSync', {
    sync: [second, { ...full, backup_name: 'renamed' }, first, { ...full, backup_id: 'another id' }],
  });
  expect(classesOf(answer)).toEqual(['new', 'changed', 'new', 'conflicting']);
  expect(contentsOf(engine.databasePath)).toBe(before);
});

test('the plan names the class and reason of each item, in the order of the request', async () => {
  await using engine = await openTestEngine();
  const chain = writeSmallChain('plan/classes', 16, [[1], [2]]);
  const [full, first, second] = chain;
  const gone = writeSmallChain('plan/gone', 8, [])[0];
  const broken = writeSmallChain('plan/broken', 8, [])[0];
  const half = writeSmallChain('plan/half', 8, [])[0];
  if (!full || !first || !second || !gone || !broken || !half) throw new Error('each chain has its links');
  await put(engine, [full, first, second, gone, broken, half]);
  await engine.sync([...itemsOf([full, first]), syncItemOf(gone, bucket)]);
  await engine.buckets.put('copies', full.objects);
  await engine.buckets.remove(bucket, `${broken.imagePath}-00001`);
  await engine.buckets.remove(bucket, `${half.imagePath}_metadata`);
  for (const key of gone.objects.keys()) await engine.buckets.remove(bucket, key);
  await engine.buckets.put(bucket, [['plain/file', 'bytes']]);
  const plain: BackupSync = { ...syncItemOf(full, bucket), backup_id: 'plain', image_path: 'plain' };

  const answer = await engine.call('planSync', {
    sync: [
      syncItemOf(first, bucket),
      syncItemOf(full, 'copies'),
      { ...plain, backup_id: 'nowhere', image_path: 'nothing/here' },
      syncItemOf(gone, bucket),
      syncItemOf(broken, bucket),
      syncItemOf(half, bucket),
      { ...plain, backup_id: 'lost', bucket_name: 'no-such-bucket' },
      plain,
    ],
  });
  expect(answer.plan.map((item) => [item.class, item.outcome, item.reason?.code ?? null])).toEqual([
    ['same', 'unchanged', null],
    ['moved', 'moved', null],
    ['absent', 'none', 'path_not_found'],
    ['vanished', 'none', 'path_not_found'],
    ['broken', 'marked', 'object_missing'],
    ['incomplete', 'marked', 'incomplete'],
    ['unreadable', 'none', 'bucket_not_found'],
    ['new', 'created', null],
  ]);
  expect(answer.plan[7]).toMatchObject({
    level: 'presence',
    message: 'would be recorded, and cannot be proved beyond presence',
  });
  // The rate of a bucket that does not answer is not known.
  expect(answer.forecast.seconds).toBeNull();
});
