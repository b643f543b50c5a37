// One file, although each scenario is long: together they make each alert of the example fire and clear.

import { readFileSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { examples, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { forward, startHttpServer } from '../../apps/cli/src/testing-servers.ts';
import { startS3Server } from '../../packages/engine/src/testing/s3-test-server.ts';
import { cannotMount, mountSmallDisk } from '../../packages/engine/src/testing/small-disk.ts';
import { alertRules, Monitor } from './monitor.ts';
import { ForwardClock, startMonitored } from './monitored-server.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

const { sync: items } = JSON.parse(readFileSync(join(examples, 'sync-request.json'), 'utf8'));
const itemOf = (name: string) => items.find((item: { backup_name: string }) => item.backup_name === name);
const [full, dayTwo, unknown, broken] = [
  itemOf('database-disk-full'),
  itemOf('database-disk-day-2'),
  itemOf('web-server'),
  itemOf('mail-disk-full'),
];
const database = { resource: full.resource_id, resource_name: 'database-disk' };

const tested = new Set<string>();
/** Expects that an alert fires, with these labels, or that it does not fire. */
function expectAlert(monitor: Monitor, alert: string, ...labels: readonly object[]): void {
  if (labels.length > 0) tested.add(alert);
  expect(monitor.firing(alert), alert).toEqual(labels.map((each) => expect.objectContaining(each)));
}
afterAll(() => {
  expect([...tested].toSorted(), 'alerts that fired').toEqual(alertRules.map(({ alert }) => alert).toSorted());
});

test('alerts about resources fire and clear, and new ones raise none', async () => {
  await using home = await temporaryDirectory();
  const buckets = join(home.path, 'buckets');
  await cp(join(examples, 'buckets'), buckets, { recursive: true });
  const clock = new ForwardClock();
  const place = { dataDirectory: join(home.path, 'data'), storage: `file:${buckets}`, clock };
  await using server = await startMonitored(place);

  // The monitor's clock begins 25 hours after the full backup was made.
  const monitor = new Monitor(server.metricsAddress, full.created_at + 25 * hour);
  await monitor.pass(0);
  await server.sync([full]);
  await monitor.pass(0);
  await monitor.pass(10 * minute);
  for (const { alert } of alertRules) expectAlert(monitor, alert);

  await monitor.pass(hour);
  await monitor.pass(5 * minute);
  expectAlert(monitor, 'BackupSyncNoRecentBackup', database);
  // With its parent, day 1.
  expect(await server.sync([itemOf('database-disk-day-1'), dayTwo])).toMatchObject([
    { status: 'success' },
    { status: 'success' },
  ]);
  await monitor.pass(minute);
  expectAlert(monitor, 'BackupSyncNoRecentBackup');

  await server.sync([broken, unknown]);
  await monitor.pass(minute);
  expectAlert(monitor, 'BackupSyncOperationsFailing', { kind: 'import' });
  await monitor.pass(5 * minute);
  expectAlert(monitor, 'BackupSyncBackupFailed', { resource_name: 'mail-disk' });
  await cp(join(examples, 'second-copy'), buckets, { recursive: true });
  await server.sync([broken]);
  await monitor.pass(minute);
  expectAlert(monitor, 'BackupSyncBackupFailed');
  await monitor.pass(50 * minute);
  expectAlert(monitor, 'BackupSyncOperationsFailing', { kind: 'import' });
  await monitor.pass(10 * minute);
  expectAlert(monitor, 'BackupSyncOperationsFailing');

  await monitor.pass(6 * hour);
  expectAlert(monitor, 'BackupSyncBackupNotProved', { resource_name: 'web-server' });
  await server.client.calls.retireResource({ resource_id: unknown.resource_id });
  await monitor.pass(minute);
  expectAlert(monitor, 'BackupSyncBackupNotProved');

  const read = async () => {
    const asked = { backup_id: dayTwo.backup_id, level: 'content' } as const;
    const { operation_id } = await server.client.calls.verifyBackup(asked);
    expect(await server.ended([operation_id])).toMatchObject([{ status: 'success' }]);
  };
  await read();
  const later = new Monitor(server.metricsAddress, clock.nowMs() / 1000 + 34 * day);
  await later.pass(0);
  expectAlert(later, 'BackupSyncDataNotRead');
  await later.pass(2 * day);
  await later.pass(hour);
  expectAlert(later, 'BackupSyncDataNotRead', database);
  clock.forward(36 * day);
  await read();
  await later.pass(minute);
  expectAlert(later, 'BackupSyncDataNotRead');
}, 60_000);

test('alerts about a held source, a server that is down, and too many resources fire and clear', async () => {
  await using home = await temporaryDirectory();
  const buckets = join(home.path, 'buckets');
  await cp(join(examples, 'buckets'), buckets, { recursive: true });
  const place = { dataDirectory: join(home.path, 'data'), storage: `file:${buckets}` };
  const bucket = join(buckets, full.bucket_name);
  let monitor: Monitor;
  let port: number;
  {
    await using server = await startMonitored(place);
    port = Number(new URL(server.metricsAddress).port);
    const { calls } = server.client;
    monitor = new Monitor(server.metricsAddress, Date.now() / 1000);
    const { source } = await calls.addSource({ name: 'nightly', bucket_name: full.bucket_name });
    const run = async () => {
      const { operation_id } = await calls.scanSource({ source_id: source.id });
      await server.ended([operation_id]);
      await monitor.pass(minute);
    };
    await run();
    expectAlert(monitor, 'BackupSyncSourceHeld');
    const aside = join(home.path, 'aside');
    await rename(bucket, aside);
    await mkdir(bucket);
    await run();
    expectAlert(monitor, 'BackupSyncSourceHeld', { source: 'nightly' });
    await rm(bucket, { recursive: true });
    await rename(aside, bucket);
    await run();
    expectAlert(monitor, 'BackupSyncSourceHeld');
  }
  await monitor.pass(minute);
  await monitor.pass(2 * minute);
  expectAlert(monitor, 'BackupSyncDown', { job: 'backup-sync' });
  {
    await using _server = await startMonitored(place, {
      port,
      seriesLimits: { projects: 10, sources: 10, resources: 1 },
    });
    await monitor.pass(minute);
    expectAlert(monitor, 'BackupSyncDown');
    expectAlert(monitor, 'BackupSyncSeriesDropped', { subject: 'resources' });
  }
  await using _server = await startMonitored(place, { port });
  await monitor.pass(minute);
  expectAlert(monitor, 'BackupSyncSeriesDropped');
}, 60_000);

test('alerts about storage that does not answer fire and clear', async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'test');
  await using home = await temporaryDirectory();
  await using service = await startS3Server({ backups: { 'server/nightly/disk': 'content' } });
  let isOut = false;
  await using storage = await startHttpServer((request, response) => {
    if (isOut) response.writeHead(500).end();
    else forward(request, response, new URL(request.url ?? '/', service.options.endpoint));
  });
  const clock = new ForwardClock();
  await using server = await startMonitored({
    dataDirectory: join(home.path, 'data'),
    storage: `s3:${storage.endpoint}`,
    clock,
    retryForMs: day * 1000,
  });
  const { calls } = server.client;
  const monitor = new Monitor(server.metricsAddress, clock.nowMs() / 1000);
  const pass = async (seconds: number) => {
    clock.forward(seconds);
    await monitor.pass(seconds);
  };
  const alerts = ['BackupSyncStorageNotAnswering', 'BackupSyncOperationsWaiting', 'BackupSyncSourceNotSynced'];
  const { source } = await calls.addSource({
    name: 'hourly',
    bucket_name: 'backups',
    path_template: '{resource_id}/{backup_id}',
    interval_s: hour,
  });
  const run = async () => (await calls.scanSource({ source_id: source.id })).operation_id;
  expect(await server.ended([await run()])).toMatchObject([{ status: 'success' }]);
  await pass(0);
  for (const alert of alerts) expectAlert(monitor, alert);

  isOut = true;
  const operation_id = await run();
  const waitsFor = async () => (await calls.showOperation({ operation_id })).operation.waiting_for;
  await expect.poll(waitsFor, { timeout: 20_000 }).not.toBeNull();
  await pass(4 * hour);
  await pass(5 * minute);
  expectAlert(monitor, 'BackupSyncStorageNotAnswering', { bucket: 'backups', reason: 'storage_unreachable' });
  expectAlert(monitor, 'BackupSyncOperationsWaiting', { status: 'waiting' });
  expectAlert(monitor, 'BackupSyncSourceNotSynced', { source: 'hourly' });

  isOut = false;
  expect(await server.ended([operation_id])).toMatchObject([{ status: 'success' }]);
  await pass(minute);
  for (const alert of alerts) expectAlert(monitor, alert);
}, 90_000);

test('alerts about the disk and the catalogue fire and clear', async ({ skip }) => {
  await using disk = await mountSmallDisk(16);
  if (disk === null) {
    for (const alert of ['BackupSyncDiskNearlyFull', 'BackupSyncNotReady']) tested.add(alert);
    return skip(cannotMount);
  }
  await using home = await temporaryDirectory();
  const clock = new ForwardClock();
  await using server = await startMonitored({
    dataDirectory: join(disk.path, 'data'),
    storage: `file:${home.path}`,
    clock,
  });
  const monitor = new Monitor(server.metricsAddress, clock.nowMs() / 1000);
  const pass = async () => {
    for (const seconds of [minute, 5 * minute]) {
      // A test write to the catalogue counts for a second.
      clock.forward(seconds);
      await monitor.pass(seconds);
    }
  };
  await pass();
  expectAlert(monitor, 'BackupSyncDiskNearlyFull');
  disk.fill();
  await pass();
  expectAlert(monitor, 'BackupSyncDiskNearlyFull', { job: 'backup-sync' });
  expectAlert(monitor, 'BackupSyncNotReady', { job: 'backup-sync' });
  disk.free();
  await pass();
  expectAlert(monitor, 'BackupSyncDiskNearlyFull');
  expectAlert(monitor, 'BackupSyncNotReady');
}, 30_000);
