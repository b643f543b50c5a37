import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examples, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const brokenVolume = 'volume_9b312830-b8bb-4b32-b5d4-34873ff17f0f';
const storage = `file:${join(examples, 'buckets')}`;

describe('sources', () => {
  test('import new backups, mark vanished ones after two runs, and hold mass removals until confirmed', async () => {
    await using home = await temporaryDirectory();
    const buckets = join(home.path, 'buckets');
    await cp(join(examples, 'buckets'), buckets, { recursive: true, preserveTimestamps: true });
    const environment = {
      BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
      BACKUP_SYNC_STORAGE: `file:${buckets}`,
    };
    const command = (...args: string[]) => runInProcess(args, { environment });
    await rm(join(buckets, 'volumebackups', brokenVolume), { recursive: true });
    expect(await command('sources', 'add', 'volumebackups', '--name', 'nightly')).toMatchObject({
      code: 0,
      messages: '',
    });
    expect((await command('sources', 'scan', 'nightly')).messages).toContain('3 of 3 imported');
    const hourly = await command('sources', 'add', 'vmware-backups', '--name', 'hourly', '--interval', '1h');
    expect(hourly.messages).toContain('Sources are scanned while a server or worker runs');
    await command('sources', 'remove', 'hourly');
    const shown = await command('sources', 'show', 'nightly');
    expect(shown.output).toMatch(/last complete run \(UTC\) +\d{4}/);
    expect(shown.output).toMatch(/fce0b9df\S+ +3 +3 +2026-09-03 02:00:00/);

    await rm(join(buckets, 'volumebackups', 'volume_fce0b9df-75b4-4611-8f84-82b3da12f14c', '20260903020000'), {
      recursive: true,
    });
    await command('sources', 'scan', 'nightly');
    expect((await command('backups', 'list', '--status', 'error')).messages).toContain('0 of 0');
    expect((await command('sources', 'scan', 'nightly')).messages).toContain('1 marked as vanished');
    const gone = JSON.parse((await command('backups', 'list', '--status', 'error', '--json')).output);
    expect(gone.backups[0].backup_sync.reason.code).toBe('vanished');

    await rm(join(buckets, 'volumebackups'), { recursive: true });
    expect((await command('sources', 'scan', 'nightly')).code).toBe(1);
    const failed = await command('sources', 'show', 'nightly');
    expect(failed.output).toMatch(
      /Last run: operation \S+, started .*, failed: the bucket does not exist.*\(bucket_not_found\)/,
    );
    expect(failed.output).toContain('What to do: Check bucket_name');
    const runs = JSON.parse((await command('operations', 'list', '--kind', 'source_run', '--json')).output);
    expect(runs.operations[0]).toMatchObject({ kind: 'source_run', status: 'failed' });
    expect(runs.count).toBe(4);
    await mkdir(join(buckets, 'volumebackups'));
    // Every night, until someone confirms.
    for (const _ of ['first', 'second']) {
      const holding = await command('sources', 'scan', 'nightly');
      expect(holding.code).toBe(3);
      expect(holding.messages).toContain('removals wait for confirmation');
    }
    expect((await command('sources', 'list')).output).toMatch(/nightly .* held/);
    const held = await command('sources', 'show', 'nightly');
    expect(held.output).toMatch(
      /by operation \S+: the listing showed no backup at all.*\n2 backups are no longer listed/,
    );
    expect(held.output).toContain('What to do: Check that the bucket is the right one');
    expect((await command('sources', 'confirm', 'nightly')).messages).toContain('2 marked as vanished');
    expect((await command('sources', 'remove', 'nightly')).code).toBe(0);
    expect(await command('sources', 'show', 'nightly')).toMatchObject({ code: 1, output: '' });
  }, 60_000);

  test('exit 3 every night while a backup is in error, and name it with what to do', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const command = (...args: string[]) => runInProcess(args, { environment });
    await command('sources', 'add', 'volumebackups', '--name', 'nightly');
    const first = await command('sources', 'scan', 'nightly');
    expect(first.code).toBe(3);
    expect(first.messages).toContain('3 imported or unchanged, 1 in error');
    const second = await command('sources', 'scan', 'nightly');
    expect(second.code).toBe(3);
    expect(second.messages).toMatch(
      /3 imported or unchanged, 1 in error\nan object .* missing.*\n {2}What to do: Restore/,
    );
    expect((await command('sources', 'list')).output).toMatch(/nightly .* failed: object_missing/);
    const shown = await command('sources', 'show', 'nightly');
    expect(shown.output).toMatch(
      /1 backup is in error:\nobject_missing .*\n {2}mail-disk-full .*\n {2}What to do: Restore/,
    );
    expect((await command('scan', 'volumebackups', '--sync')).code).toBe(3);
  }, 60_000);

  test('are not added for a mistyped bucket, unless --force says so', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const mistyped = await runInProcess(['sources', 'add', 'volumebackup'], { environment });
    expect(mistyped).toMatchObject({ code: 1, output: '' });
    expect(mistyped.messages).toMatch(/bucket volumebackup does not exist(.|\n)*--force/);
    expect((await runInProcess(['sources', 'add', 'volumebackup', '--force'], { environment })).code).toBe(0);
  });

  test('are edited: given settings change, and "none" removes an interval', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const command = (...args: string[]) => runInProcess(args, { environment });
    await command('sources', 'add', 'volumebackups', '--name', 'nightly', '--interval', '3600');
    const edited = await command(
      'sources',
      'edit',
      'nightly',
      '--interval',
      'none',
      '--prefix',
      'volume_fce',
      '--json',
    );
    expect(JSON.parse(edited.output).source).toMatchObject({
      interval_s: null,
      next_run_at: null,
      prefix: 'volume_fce',
      level: 'linkage',
    });
    const unnamed = await command('sources', 'edit', 'nightly', '--force');
    expect(unnamed).toMatchObject({ code: 1, output: '' });
    expect(unnamed.messages).toContain('nothing to change: give --interval');
  });

  test('report the verifications that continue after a run', async () => {
    await using home = await temporaryDirectory();
    const environment = {
      BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
      BACKUP_SYNC_STORAGE: storage,
      // Slow enough that verifications are left when the command ends.
      BACKUP_SYNC_REQUESTS_PER_SECOND: '4',
    };
    await runInProcess(['sources', 'add', 'volumebackups', '--level', 'content'], { environment });
    const scanned = await runInProcess(['sources', 'scan', 'volumebackups'], { environment });
    expect(scanned.messages).toMatch(/\d+ verifications have not ended\. A server runs them/);
    const left = await runInProcess(['operations', 'list', '--kind', 'verify', '--json'], { environment });
    expect(JSON.parse(left.output).operations.map(({ status }: { status: string }) => status)).toContain('waiting');
  }, 60_000);
});
