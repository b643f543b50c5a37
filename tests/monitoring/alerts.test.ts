import { readFileSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { examples, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { forward, startHttpServer } from '../../apps/cli/src/testing-servers.ts';
import { startS3Server } from '../../packages/engine/src/testing/s3-test-server.ts';
import { cannotMount, mountSmallDisk, type SmallDisk } from '../../packages/engine/src/testing/small-disk.ts';
import { alertRules, Monitor } from './monitor.ts';
import { ForwardClock, type MonitoredServer, startMonitored } from './monitored-server.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

const { sync: items } = JSON.parse(readFileSync(join(examples, 'sync-request.json'), 'utf8'));
const itemOf = (name: string) => items.find((item: { backup_name: string }) => item.backup_name === name);
const [full, dayOne, dayTwo, unknown, broken] = [
  itemOf('database-disk-full'),
  itemOf('database-disk-day-1'),
  itemOf('database-disk-day-2'),
  itemOf('web-server'),
  itemOf('mail-disk-full'),
];
const database = { resource: full.resource_id, resource_name: 'database-disk' };

/** The alerts that have fired. */
const fired = new Set<string>();
afterAll(() => expect([...fired].toSorted()).toEqual(alertRules.map(({ alert }) => alert).toSorted()));

/** Expects that an alert fires once for each of these labels; without labels, that it does not fire. */
function expectAlert(monitor: Monitor, alert: string, ...labels: readonly object[]): void {
  expect(monitor.firing(alert), alert).toEqual(labels.map((each) => expect.objectContaining(each)));
  if (labels.length > 0) fired.add(alert);
}

/** Expects that none of these alerts fires (default: none at all). */
function expectNone(monitor: Monitor, alerts = alertRules.map(({ alert }) => alert)): void {
  for (const alert of alerts) expectAlert(monitor, alert);
}

describe('on a directory with buckets', () => {
  const clock = new ForwardClock();
  const stack = new AsyncDisposableStack();
  let place: Parameters<typeof startMonitored>[0];
  let server: MonitoredServer;
  let buckets: string;
  let aside: string;

  beforeAll(async () => {
    const home = stack.use(await temporaryDirectory());
    buckets = join(home.path, 'buckets');
    aside = join(home.path, 'aside');
    await cp(join(examples, 'buckets'), buckets, { recursive: true });
    place = { dataDirectory: join(home.path, 'data'), storage: `file:${buckets}`, clock, hookNetworks: ['127.0.0.1'] };
    server = await startMonitored(place, { seriesLimits: { projects: 10, sources: 10, resources: 2 } });
    stack.defer(() => server[Symbol.asyncDispose]());
  });
  afterAll(() => stack.disposeAsync());

  test('alerts about backups fire and clear, and a new resource raises none', async () => {
    // The monitor's clock begins 25 hours after the full backup was made.
    const monitor = new Monitor(server.metricsAddress, full.created_at + 25 * hour);
    await monitor.pass(0);
    await server.sync([full]);
    await monitor.pass(0);
    await monitor.pass(10 * minute);
    expectNone(monitor);

    await monitor.pass(hour);
    await monitor.pass(5 * minute);
    expectAlert(monitor, 'BackupSyncNoRecentBackup', database);
    await server.sync([dayOne, dayTwo]);
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncNoRecentBackup');

    await server.sync([broken]);
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncOperationsFailing', { kind: 'import' });
    const { operation_id } = await server.client.calls.verifyBackup({ backup_id: broken.backup_id, level: 'content' });
    expect(await server.ended([operation_id])).toMatchObject([{ status: 'failed' }]);
    await monitor.pass(5 * minute);
    expectAlert(monitor, 'BackupSyncVerificationFailed', { reason: 'object_missing' });
    expectAlert(monitor, 'BackupSyncBackupFailed', { resource_name: 'mail-disk' });
    expectAlert(monitor, 'BackupSyncBackupsInError', { project: expect.any(String) });
    await cp(join(examples, 'second-copy'), buckets, { recursive: true });
    await server.sync([broken]);
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncBackupFailed');
    expectAlert(monitor, 'BackupSyncBackupsInError');
    await monitor.pass(50 * minute);
    expectAlert(monitor, 'BackupSyncOperationsFailing', { kind: 'import' });
    await monitor.pass(10 * minute);
    expectAlert(monitor, 'BackupSyncOperationsFailing');
    expectAlert(monitor, 'BackupSyncVerificationFailed', { reason: 'object_missing' });
    await monitor.pass(day);
    expectAlert(monitor, 'BackupSyncVerificationFailed');
  });

  test('alerts about a resource without a proved backup, and about too many resources, fire and clear', async () => {
    const monitor = new Monitor(server.metricsAddress, full.created_at + 2 * day);
    await monitor.pass(0);
    expectAlert(monitor, 'BackupSyncSeriesDropped');
    await server.sync([unknown]);
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncSeriesDropped', { subject: 'resources' });
    expectAlert(monitor, 'BackupSyncBackupNotProved');
    await monitor.pass(6 * hour);
    expectAlert(monitor, 'BackupSyncBackupNotProved', { resource_name: 'web-server' });
    await server.client.calls.deleteBackup({ backup_id: unknown.backup_id });
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncBackupNotProved');
    expectAlert(monitor, 'BackupSyncSeriesDropped');
  });

  test('the alert about data that was not read for long fires and clears', async () => {
    const read = async () => {
      const asked = { backup_id: dayTwo.backup_id, level: 'content' } as const;
      const { operation_id } = await server.client.calls.verifyBackup(asked);
      expect(await server.ended([operation_id])).toMatchObject([{ status: 'success' }]);
    };
    await read();
    const monitor = new Monitor(server.metricsAddress, clock.nowMs() / 1000 + 34 * day);
    await monitor.pass(0);
    expectAlert(monitor, 'BackupSyncDataNotRead');
    await monitor.pass(2 * day);
    await monitor.pass(hour);
    expectAlert(monitor, 'BackupSyncDataNotRead', database);
    clock.forward(36 * day);
    await read();
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncDataNotRead');
  });

  test('the alert about a source that has not synced fires for one that never had a good run', async () => {
    const { calls } = server.client;
    const asked = { name: 'unsynced', bucket_name: 'missing', interval_s: hour, force: true };
    const { source } = await calls.addSource(asked);
    const monitor = new Monitor(server.metricsAddress, Date.parse(source.created_at) / 1000);
    await monitor.pass(2 * hour);
    await monitor.pass(5 * minute);
    expectAlert(monitor, 'BackupSyncSourceNotSynced');
    await monitor.pass(hour);
    await monitor.pass(5 * minute);
    expectAlert(monitor, 'BackupSyncSourceNotSynced', { source: 'unsynced' });
    await calls.pauseSource({ source_id: source.id });
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncSourceNotSynced');
  });

  test('the alert about a hook whose receiver is gone fires and clears', async () => {
    const { calls } = server.client;
    const monitor = new Monitor(server.metricsAddress, clock.nowMs() / 1000);
    await using receiver = await startHttpServer((_, response) => response.writeHead(410).end());
    const { hook } = await calls.addHook({ name: 'pager', url: receiver.endpoint, events: ['operation.failed'] });
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncHookFailing');
    await server.sync([{ ...broken, backup_id: crypto.randomUUID(), image_path: 'nothing/is/here' }]);
    const statusOf = async () => (await calls.listHooks({})).hooks[0]?.status;
    await expect.poll(statusOf).toBe('gone');
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncHookFailing', { status: 'gone' });
    await calls.removeHook({ hook_id: hook.id });
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncHookFailing');
  });

  test('the alert about a held source fires and clears', async () => {
    const { calls } = server.client;
    const bucket = join(buckets, full.bucket_name);
    const monitor = new Monitor(server.metricsAddress, clock.nowMs() / 1000);
    const { source } = await calls.addSource({ name: 'nightly', bucket_name: full.bucket_name });
    const run = async () => {
      await server.ended([(await calls.scanSource({ source_id: source.id })).operation_id]);
      await monitor.pass(minute);
    };
    await run();
    expectAlert(monitor, 'BackupSyncSourceHeld');
    await rename(bucket, aside);
    await mkdir(bucket);
    await run();
    expectAlert(monitor, 'BackupSyncSourceHeld', { source: 'nightly' });
    await rm(bucket, { recursive: true });
    await rename(aside, bucket);
    await run();
    expectAlert(monitor, 'BackupSyncSourceHeld');
  });

  test('the alert about a server that is down fires and clears', async () => {
    const monitor = new Monitor(server.metricsAddress, clock.nowMs() / 1000);
    const pass = async () => {
      await monitor.pass(minute);
      await monitor.pass(2 * minute);
    };
    await pass();
    expectAlert(monitor, 'BackupSyncDown');
    await server[Symbol.asyncDispose]();
    await pass();
    expectAlert(monitor, 'BackupSyncDown', { job: 'backup-sync' });
    server = await startMonitored(place, { port: Number(new URL(server.metricsAddress).port) });
    await pass();
    expectAlert(monitor, 'BackupSyncDown');
  });
});

describe('on an S3 service', () => {
  const clock = new ForwardClock();
  const stack = new AsyncDisposableStack();
  let server: MonitoredServer;
  let disk: SmallDisk | null;
  let isOut = false;
  let monitor: Monitor;

  beforeAll(async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'test');
    const home = stack.use(await temporaryDirectory());
    disk = await mountSmallDisk(16);
    if (disk !== null) stack.use(disk);
    const service = stack.use(await startS3Server({ backups: { 'server/nightly/disk': 'content' } }));
    const storage = stack.use(
      await startHttpServer((request, response) => {
        if (isOut) response.writeHead(500).end();
        else forward(request, response, new URL(request.url ?? '/', service.options.endpoint));
      }),
    );
    const dataDirectory = join(disk?.path ?? home.path, 'data');
    const retryForMs = day * 1000;
    server = stack.use(await startMonitored({ dataDirectory, storage: `s3:${storage.endpoint}`, clock, retryForMs }));
    monitor = new Monitor(server.metricsAddress, clock.nowMs() / 1000);
  });
  afterAll(() => stack.disposeAsync());

  /** Lets time pass for the server too. */
  async function pass(seconds: number): Promise<void> {
    clock.forward(seconds);
    await monitor.pass(seconds);
  }

  test('alerts about storage that does not answer, and what waits for it, fire and clear', async () => {
    const { calls } = server.client;
    const alerts = ['BackupSyncStorageNotAnswering', 'BackupSyncOperationsWaiting', 'BackupSyncSourceNotSynced'];
    const asked = { name: 'hourly', bucket_name: 'backups', path_template: '{resource_id}/{backup_id}' };
    const { source } = await calls.addSource({ ...asked, interval_s: hour });
    const run = async () => (await calls.scanSource({ source_id: source.id })).operation_id;
    expect(await server.ended([await run()])).toMatchObject([{ status: 'success' }]);
    await pass(0);
    expectNone(monitor, alerts);

    isOut = true;
    const operation_id = await run();
    const waitsFor = async () => (await calls.showOperation({ operation_id })).operation.waiting_for;
    await expect.poll(waitsFor).not.toBeNull();
    await pass(4 * hour);
    await pass(5 * minute);
    expectAlert(monitor, 'BackupSyncStorageNotAnswering', { bucket: 'backups', reason: 'storage_unreachable' });
    expectAlert(monitor, 'BackupSyncOperationsWaiting', { status: 'waiting' });
    expectAlert(monitor, 'BackupSyncSourceNotSynced', { source: 'hourly' });

    isOut = false;
    expect(await server.ended([operation_id])).toMatchObject([{ status: 'success' }]);
    await pass(minute);
    expectNone(monitor, alerts);
  }, 60_000);

  test('alerts about the disk and the catalogue fire and clear', async ({ skip }) => {
    const alerts = ['BackupSyncDiskNearlyFull', 'BackupSyncNotReady'];
    if (disk === null) {
      for (const alert of alerts) fired.add(alert);
      return skip(cannotMount);
    }
    const passTwice = async () => {
      await pass(minute);
      await pass(5 * minute);
    };
    await passTwice();
    expectNone(monitor, alerts);
    disk.fill();
    await passTwice();
    for (const alert of alerts) expectAlert(monitor, alert, { job: 'backup-sync' });
    disk.free();
    await passTwice();
    expectNone(monitor, alerts);
  });
});
