import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BackupSync, CallOutput, UnaryCallName } from '@backup-sync/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { type WrittenBackup, writeCinderBackup } from '../testing/cinder-writer.ts';
import { operationEnd } from '../testing/operation-end.ts';
import { type S3Habits, startS3Server } from '../testing/s3-test-server.ts';
import { seededBytes, seededUuid } from '../testing/seeded-bytes.ts';
import { syncItemOf } from '../testing/small-chain.ts';

const bucket = 'backups';
const blockBytes = 512;
const dataKey = /-\d{5}$/;

/** A full backup of four objects that are stored plain, the last one the smallest, and an increment of two. */
function writeChain(): readonly [WrittenBackup, WrittenBackup] {
  const volume = seededBytes('opaque/0', 15 * blockBytes);
  const plan = {
    volumeId: seededUuid('opaque/volume'),
    backupId: seededUuid('opaque/full'),
    takenAtMs: Date.UTC(2026, 2, 1),
    volume,
    objectBytes: 4 * blockBytes,
    blockBytes,
    compression: 'none' as const,
  };
  const full = writeCinderBackup(plan);
  const changed = volume.slice();
  for (const block of [1, 5, 6]) changed.set(seededBytes(`opaque/${block}`, blockBytes), block * blockBytes);
  const backupId = seededUuid('opaque/increment');
  const later = { ...plan, backupId, takenAtMs: plan.takenAtMs + 86_400_000, volume: changed };
  return [full, writeCinderBackup({ ...later, parent: full })];
}

const [full, increment] = writeChain();
const items = [full, increment].map((backup) => syncItemOf(backup, bucket));
const largestKey = `${full.imagePath}-00001`;
const smallestKeys = [`${full.imagePath}-00004`, `${increment.imagePath}-00001`];
const allKeys = [...full.objects.keys(), ...increment.objects.keys()].filter((key) => dataKey.test(key));
const otherBytes = seededBytes('opaque/other', 4 * blockBytes);
const originalBytes = full.objects.get(largestKey) ?? new Uint8Array();

/** Answers like Huawei OBS with SSE-OBS: the answer names the service's own key, yet the ETag is not an MD5. */
const sealed: S3Habits = {
  etagOf: (_key, md5) => createHash('md5').update(`sealed ${md5}`).digest('hex'),
  headers: { 'x-amz-server-side-encryption': 'AES256' },
};

// Each test makes some dozen requests over HTTP, with an engine or two.
vi.setConfig({ testTimeout: 60_000 });

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

/** An engine over S3. The server notes each object that is requested. */
async function openOverS3(
  habits: S3Habits,
  { linkageMaxBytes, without }: { readonly linkageMaxBytes?: number; readonly without?: string } = {},
) {
  await using stack = new AsyncDisposableStack();
  const asked: string[] = [];
  const note = (key: string) => {
    asked.push(key);
    return null;
  };
  const objects = Object.fromEntries([...full.objects, ...increment.objects].filter(([key]) => key !== without));
  const server = stack.use(await startS3Server({ [bucket]: objects }, note, habits));
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-etags-'));
  stack.defer(() => rm(home, { recursive: true }));
  const faults: unknown[] = [];
  const dataDirectory = join(home, 'data');
  const open = () =>
    openEmbeddedEngine({
      dataDirectory,
      storage: `s3:${server.options.endpoint}`,
      onFault: (_, error) => faults.push(error),
      ...(linkageMaxBytes !== undefined && { linkageMaxBytes }),
    });
  let engine = await open();
  stack.defer(() => engine[Symbol.asyncDispose]());
  const callerOf = () =>
    ({ kind: 'system', name: 'tester', projectId: engine.identity.project.id, role: 'operator' }) as const;
  const call = <Name extends UnaryCallName>(name: Name, input: object): Promise<CallOutput<Name>> => {
    const caller = callerOf();
    return engine.call(name, { caller, requestId: 'request' }, { ...input, project_id: caller.projectId });
  };
  const ended = (operationId: string) => operationEnd(engine, callerOf(), operationId);
  const owned = stack.move();
  return {
    server,
    asked,
    faults,
    call,
    ended,
    dataAsked: () => asked.filter((key) => dataKey.test(key)).toSorted(),
    async sync(sync: readonly BackupSync[] = items) {
      asked.length = 0;
      const answer = await call('syncBackups', { sync });
      return await Promise.all(
        answer.sync.map(async ({ operation_log_id }) => {
          await ended(operation_log_id);
          const { operation_log: log } = await call('showOperationLog', { operation_log_id });
          return { status: log.status, ...log.backup_sync };
        }),
      );
    },
    async verify({ plan }: WrittenBackup) {
      asked.length = 0;
      return await ended((await call('verifyBackup', { backup_id: plan.backupId, level: 'content' })).operation_id);
    },
    show: async ({ plan }: WrittenBackup) => (await call('showBackup', { backup_id: plan.backupId })).backup,
    /** Changes the records and proofs to the form of a release that took an ETag for a verdict. */
    async ageToEtagVerdict() {
      await engine[Symbol.asyncDispose]();
      const database = new DatabaseSync(join(dataDirectory, 'catalogue.sqlite'));
      database.exec(`UPDATE verifications SET check_version = 'cinder/2', level = 'metadata', remark = NULL,
        fault_code = 'object_etag_mismatch', fault_detail = 'an ETag'`);
      database.exec(`UPDATE backups SET check_version = 'cinder/2', level = 'metadata', status = 'error',
        reason_code = 'object_etag_mismatch', reason_detail = 'an ETag'`);
      database.close();
      engine = await open();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe('a service whose ETags are not MD5s', () => {
  test('a sync reads one object of each link, as its plan says, and records a remark', async () => {
    await using engine = await openOverS3(sealed);
    const plan = await engine.call('planSync', { sync: items });
    const message = expect.stringMatching(/^would be recorded unless its objects or block hashes show a fault/);
    expect(plan.plan).toMatchObject(items.map(() => ({ class: 'new', message })));
    expect(engine.dataAsked()).toEqual([]);
    const operations = await engine.sync();
    for (const operation of operations) {
      expect(operation).toMatchObject({ status: 'success', outcome: 'created', level: 'linkage', reason: null });
      expect(operation.message).toContain('the ETags of this storage are not MD5s');
    }
    expect(engine.dataAsked()).toEqual(smallestKeys.toSorted());
    const sum = (of: 'lists' | 'gets' | 'bytes_read') =>
      operations.reduce((total, { requests }) => total + (requests?.[of] ?? 0), 0);
    expect(sum('gets')).toBe(6);
    const { seconds: _, ...forecast } = plan.forecast;
    expect({ lists: sum('lists'), gets: sum('gets'), bytes_read: sum('bytes_read') }).toEqual(forecast);

    const again = await engine.sync();
    expect(again.map(({ outcome, requests }) => [outcome, requests?.gets])).toEqual(items.map(() => ['unchanged', 0]));
    expect(again[1]?.message).toContain('the ETags of this storage are not MD5s');
    expect(engine.faults).toEqual([]);
  });

  test('an object that was replaced before the first sync is caught at content', async () => {
    await using engine = await openOverS3(sealed);
    engine.server.replace(bucket, largestKey, otherBytes);
    expect((await engine.sync()).map(({ status }) => status)).toEqual(['success', 'success']);
    const operation = await engine.verify(full);
    expect(operation).toMatchObject({ status: 'failed', reason: { code: 'content_mismatch' } });
    expect(operation.reason?.message).toContain(largestKey);
    expect(await engine.show(full)).toMatchObject({ status: 'error' });
    expect((await engine.sync()).map(({ status }) => status)).toEqual(['failed', 'failed']);
  });

  test('an object that is replaced after the first sync is caught by the next, until it is restored', async () => {
    await using engine = await openOverS3(sealed);
    await engine.sync();
    engine.server.replace(bucket, largestKey, otherBytes);
    const [broken, child] = await engine.sync();
    expect(broken).toMatchObject({ status: 'failed', reason: { code: 'object_etag_mismatch' } });
    expect(broken?.reason?.message).toContain(largestKey);
    expect(child).toMatchObject({ status: 'failed', reason: { code: 'parent_broken' } });
    expect((await engine.sync()).map(({ outcome, requests }) => [outcome, requests?.gets])).toEqual(
      items.map(() => ['unchanged', 0]),
    );
    expect((await engine.verify(full)).reason?.code).toBe('content_mismatch');
    expect(await engine.show(full)).toMatchObject({ status: 'error' });
    engine.server.replace(bucket, largestKey, originalBytes);
    expect((await engine.sync()).map(({ status, level }) => [status, level])).toEqual(
      items.map(() => ['success', 'linkage']),
    );
  });

  test('a backup that an older release called replaced is whole again with the next sync', async () => {
    await using engine = await openOverS3(sealed);
    await engine.sync();
    await engine.ageToEtagVerdict();
    const operations = await engine.sync();
    expect(operations.map(({ status, level }) => [status, level])).toEqual(items.map(() => ['success', 'linkage']));
    expect(await engine.show(full)).toMatchObject({ status: 'available' });
  });

  test('a scan examines a backup again that an older release called replaced', async () => {
    await using engine = await openOverS3(sealed);
    await engine.sync();
    await engine.ageToEtagVerdict();
    const { operation_id } = await engine.call('startScan', { bucket_name: bucket, sync: true });
    expect(await engine.ended(operation_id)).toMatchObject({ status: 'success', result: { states: { changed: 2 } } });
    const { operations } = await engine.call('listOperations', { kind: ['import'] });
    for (const { id } of operations) await engine.ended(id);
    expect([await engine.show(full), await engine.show(increment)]).toMatchObject([
      { status: 'available' },
      { status: 'available' },
    ]);
  });

  test('a verification reads objects that an older release called replaced, once each; the bytes decide', async () => {
    await using engine = await openOverS3(sealed);
    await engine.sync();
    await engine.ageToEtagVerdict();
    expect(await engine.verify(increment)).toMatchObject({ status: 'success', result: { level: 'content' } });
    expect(engine.dataAsked()).toEqual(allKeys.toSorted());
    expect(await engine.show(increment)).toMatchObject({ status: 'available', backup_sync: { level: 'content' } });
    expect((await engine.sync()).map(({ status, level, requests }) => [status, level, requests?.gets])).toEqual(
      items.map(() => ['success', 'content', 0]),
    );
    expect(engine.faults).toEqual([]);
  });

  test('a backup without block hashes stays at inventory, and its verification is remembered', async () => {
    const [item] = items;
    if (item === undefined) throw new Error('there is a full backup');
    await using engine = await openOverS3(sealed, { without: `${full.imagePath}_sha256file` });
    expect(await engine.sync([item])).toMatchObject([{ status: 'success', level: 'inventory' }]);
    await engine.ageToEtagVerdict();
    expect(await engine.verify(full)).toMatchObject({ status: 'success', result: { level: 'inventory' } });
    expect(await engine.sync([item])).toMatchObject([{ status: 'success', level: 'inventory', requests: { gets: 0 } }]);
  });

  test('a verification continues at the limit of a sync, and writes nothing before it has read', async () => {
    await using engine = await openOverS3(sealed, { linkageMaxBytes: 100 });
    const operations = await engine.sync();
    expect(operations.map(({ status, level }) => [status, level])).toEqual(items.map(() => ['success', 'metadata']));
    expect(operations[0]?.message).toContain('"verify" reads them all');
    expect(engine.dataAsked()).toEqual([]);
    engine.server.replace(bucket, largestKey, otherBytes);
    expect(await engine.verify(increment)).toMatchObject({ status: 'failed', reason: { code: 'parent_broken' } });
    expect((await engine.show(increment)).backup_sync.reason?.message).toContain(largestKey);
    engine.server.replace(bucket, largestKey, originalBytes);
    expect(await engine.verify(increment)).toMatchObject({ status: 'success', result: { level: 'content' } });
    expect((await engine.sync()).map(({ status, level }) => [status, level])).toEqual(
      items.map(() => ['success', 'content']),
    );
    expect(engine.faults).toEqual([]);
  });
});

test('one ETag that is not an MD5, among others that are, costs one read; a replaced object is caught', async () => {
  const etagOf: S3Habits['etagOf'] = (key, md5) => (key === largestKey ? (sealed.etagOf?.(key, md5) ?? md5) : md5);
  await using engine = await openOverS3({ etagOf });
  expect((await engine.sync()).map(({ status, level }) => [status, level])).toEqual(
    items.map(() => ['success', 'linkage']),
  );
  expect(engine.dataAsked()).toEqual([largestKey]);
  engine.server.replace(bucket, `${full.imagePath}-00002`, otherBytes);
  const [broken] = await engine.sync();
  expect(broken).toMatchObject({ status: 'failed', reason: { code: 'object_etag_mismatch' } });
  expect(broken?.reason?.message).toContain(`${full.imagePath}-00002`);
});
